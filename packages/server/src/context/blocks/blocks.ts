// Blocks: texts by scope and path that stand in a context, with versions, preconditions, and trust that only a person raises.
import { AppError, type Limits } from "../../core/index.ts"
import { blocks, type BlockPlace, type Queryable, type Store, type StoredBlockVersion } from "../../store/index.ts"
import type { Label } from "../../security/index.ts"
import { holds, type Precondition, type Swap } from "../precondition.ts"
import type { RequireScope } from "../scope-access.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { SealedText } from "../sealed-text.ts"
import { BlockEditor, readBlocks, rowIdOf, type EditorDependencies } from "./block-editor.ts"
import { parseBlockPath } from "./block-path.ts"
import { runMemoryCommand, type MemoryAnswer, type MemoryCommand } from "./memory-commands.ts"
import type { Block, BlockAuthor, BlockSettings, BlockVersion } from "./types.ts"

export interface BlockWrite extends BlockSettings {
  scope: string
  path: string
  text: string
  precondition?: Precondition | undefined
  label: Label
  runId?: string | undefined
}

export interface CommandRequest {
  scope: string
  command: MemoryCommand
  label: Label
  runId?: string | undefined
  /** The transaction of a step, with which it shall commit; its own when absent. */
  tx?: Queryable | undefined
}

export interface Blocks {
  get(caller: MemoryCaller, scope: string, path: string): Promise<Block>
  list(
    caller: MemoryCaller,
    scope: string,
    page: { under?: string | undefined; after?: string | undefined; limit: number },
  ): Promise<Block[]>
  put(caller: MemoryCaller, write: BlockWrite): Promise<Swap<Block>>
  delete(caller: MemoryCaller, write: Omit<BlockWrite, "text" | keyof BlockSettings>): Promise<Swap<Block>>
  versions(caller: MemoryCaller, scope: string, path: string): Promise<BlockVersion[]>
  /** A person stands by the text as it is: it may instruct from then on. */
  confirm(caller: MemoryCaller, write: Omit<BlockWrite, "text" | keyof BlockSettings>): Promise<Swap<Block>>
  /** One command of the memory tool. */
  command(caller: MemoryCaller, request: CommandRequest): Promise<MemoryAnswer & { seq: number | null }>
}

export interface BlocksDependencies extends EditorDependencies {
  store: Store
  requireScope: RequireScope
  limits: Pick<Limits, "blockBytesMax" | "blocksPerScopeMax" | "blockVersionsMax">
}

export function createBlocks(dependencies: BlocksDependencies): Blocks {
  return new BlockService(dependencies)
}

class BlockService implements Blocks {
  readonly #dependencies: BlocksDependencies

  constructor(dependencies: BlocksDependencies) {
    this.#dependencies = dependencies
  }

  async get(caller: MemoryCaller, scope: string, path: string): Promise<Block> {
    const { db, place } = await this.#readable(caller, scope)
    const name = parseBlockPath(path)
    const row = await blocks.findBlock(db, place, name)
    const [block] = row === undefined ? [] : await readBlocks(this.#dependencies.vault, db, place, [row])
    if (block === undefined) throw noBlock(place.scope, name)
    return block
  }

  async list(
    caller: MemoryCaller,
    scope: string,
    page: { under?: string | undefined; after?: string | undefined; limit: number },
  ): Promise<Block[]> {
    const { db, place } = await this.#readable(caller, scope)
    const under = page.under === undefined ? undefined : parseBlockPath(page.under, "under")
    const rows = await blocks.blocksUnder(db, place, { under, after: page.after, limit: page.limit })
    return readBlocks(this.#dependencies.vault, db, place, rows)
  }

  put(caller: MemoryCaller, write: BlockWrite): Promise<Swap<Block>> {
    const path = parseBlockPath(write.path)
    return this.#swap(caller, write, path, "write", (editor) => editor.write(path, write.text, write.label, write))
  }

  delete(caller: MemoryCaller, write: Omit<BlockWrite, "text" | keyof BlockSettings>): Promise<Swap<Block>> {
    const path = parseBlockPath(write.path)
    return this.#swap(caller, write, path, "write", async (editor, current) => {
      if (current === undefined) throw noBlock(write.scope, path)
      return { ...current, version: await editor.remove(path) }
    })
  }

  confirm(caller: MemoryCaller, write: Omit<BlockWrite, "text" | keyof BlockSettings>): Promise<Swap<Block>> {
    const path = parseBlockPath(write.path)
    return this.#swap(caller, write, path, "curate", (editor, current) => {
      if (current === undefined) throw noBlock(write.scope, path)
      // Where it came from stays known; who may see it and what secrets it holds is not the confirmation's to change.
      const sources = [...new Set([...current.label.sources, ...write.label.sources])].toSorted()
      return editor.write(path, current.text, { ...current.label, integrity: write.label.integrity, sources }, {}, "confirm")
    })
  }

  async versions(caller: MemoryCaller, scope: string, path: string): Promise<BlockVersion[]> {
    const { db, place } = await this.#readable(caller, scope)
    const name = parseBlockPath(path)
    const rows = await blocks.blockVersions(db, place, name)
    if (rows.length === 0) throw noBlock(place.scope, name)
    const kept = rows.filter((row): row is StoredBlockVersion & SealedText => row.body !== null && row.keyId !== null)
    const sealed = kept.map(({ keyId, body, version }) => ({ keyId, body, rowId: rowIdOf(place.scope, name, version) }))
    const texts = await this.#dependencies.vault.open(db, place.projectId, sealed)
    const byVersion = new Map(kept.map(({ version }, index) => [version, texts[index]]))
    return rows.map(({ version, op, label, principal, runId, at }) => {
      const text = byVersion.get(version) ?? null
      return { scope: place.scope, path: name, version, op, text, label: label as unknown as Label, principal, runId, at }
    })
  }

  async command(
    caller: MemoryCaller,
    { scope, command, label, runId, tx }: CommandRequest,
  ): Promise<MemoryAnswer & { seq: number | null }> {
    const reads = command.command === "view"
    const work = async (db: Queryable): Promise<MemoryAnswer & { seq: number | null }> => {
      const place = await this.#place(db, caller, scope, reads ? "read" : "write")
      const editor = this.#editor(db, place, { principal: caller.principal, runId, label })
      if (reads) return { ...(await runMemoryCommand(editor, command)), seq: null }
      await editor.lock()
      await db.query("savepoint memory_command")
      const answer = await runMemoryCommand(editor, command)
      if (!answer.isError) return { ...answer, seq: (await editor.record()) ?? null }
      // What a command did before it found that it can't be done.
      await db.query("rollback to savepoint memory_command")
      return { ...answer, seq: null }
    }
    return tx === undefined ? this.#dependencies.store.project(caller.projectId).transaction(work) : work(tx)
  }

  async #swap(
    caller: MemoryCaller,
    write: Omit<BlockWrite, "text" | keyof BlockSettings>,
    path: string,
    right: "write" | "curate",
    work: (editor: BlockEditor, current: Block | undefined) => Promise<Block>,
  ): Promise<Swap<Block>> {
    return this.#dependencies.store.project(caller.projectId).transaction(async (tx): Promise<Swap<Block>> => {
      const place = await this.#place(tx, caller, write.scope, right)
      const editor = this.#editor(tx, place, { principal: caller.principal, runId: write.runId, label: write.label })
      await editor.lock()
      const current = await editor.find(path)
      if (!holds(write.precondition, current)) return { written: false, current: current ?? null }
      const value = await work(editor, current)
      return { written: true, value, seq: (await editor.record()) ?? 0 }
    })
  }

  #editor(tx: Queryable, place: BlockPlace, author: BlockAuthor): BlockEditor {
    return new BlockEditor(this.#dependencies, tx, place, author)
  }

  async #readable(caller: MemoryCaller, scope: string): Promise<{ db: Queryable; place: BlockPlace }> {
    const db = this.#dependencies.store.project(caller.projectId)
    return { db, place: await this.#place(db, caller, scope, "read") }
  }

  async #place(db: Queryable, caller: MemoryCaller, scope: string, right: "read" | "write" | "curate"): Promise<BlockPlace> {
    return { projectId: caller.projectId, scope: await this.#dependencies.requireScope(db, caller, scope, right) }
  }
}

function noBlock(scope: string, path: string): AppError {
  return new AppError("not_found", `There is no block '${path}' in '${scope}'.`, {
    param: "path",
    hint: `List them with GET /v1/blocks/${encodeURIComponent(scope)}.`,
  })
}
