// Blocks of one scope inside one transaction: looked at and changed under the scope's lock, every change with its version and its place in the change log.
import { createHash } from "node:crypto"
import { AppError, type Clock, type JsonValue, type Limits } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import { blocks, changes, type BlockPlace, type Queryable, type StoredBlock, type StoredBlockVersion } from "../../store/index.ts"
import { estimateTokens } from "../documents/tokens.ts"
import type { SealedText, TextVault } from "../sealed-text.ts"
import type { Block, BlockAuthor, BlockSettings } from "./types.ts"

export interface EditorDependencies {
  vault: TextVault
  clock: Clock
  limits: Pick<Limits, "blockBytesMax" | "blocksPerScopeMax" | "blockVersionsMax">
}

export class BlockEditor {
  readonly #dependencies: EditorDependencies
  readonly #tx: Queryable
  readonly #place: BlockPlace
  readonly #author: BlockAuthor
  readonly #changed: { path: string; op: StoredBlockVersion["op"]; version: number }[] = []

  constructor(dependencies: EditorDependencies, tx: Queryable, place: BlockPlace, author: BlockAuthor) {
    this.#dependencies = dependencies
    this.#tx = tx
    this.#place = place
    this.#author = author
  }

  get author(): BlockAuthor {
    return this.#author
  }

  /** Call it before the first look of a transaction that may write. */
  lock(): Promise<void> {
    return blocks.lockBlocks(this.#tx, this.#place)
  }

  async find(path: string): Promise<Block | undefined> {
    const row = await blocks.findBlock(this.#tx, this.#place, path)
    if (row === undefined) return undefined
    return (await readBlocks(this.#dependencies.vault, this.#tx, this.#place, [row]))[0]
  }

  /** What lies under a directory, without texts; "" is the whole scope. */
  under(path: string): Promise<Pick<StoredBlock, "path" | "sizeBytes" | "readOnly" | "label">[]> {
    const { blocksPerScopeMax } = this.#dependencies.limits
    return blocks.blocksUnder(this.#tx, this.#place, { ...(path === "" ? {} : { under: path }), limit: blocksPerScopeMax })
  }

  /** Writes a text with the label that the caller says: its own, or the join with what was there. */
  async write(
    path: string,
    text: string,
    label: Label,
    settings: BlockSettings = {},
    op: "write" | "confirm" | "rename" = "write",
  ): Promise<Block> {
    const before = await blocks.findBlock(this.#tx, this.#place, path)
    if (before === undefined) await this.#refuseNew(path)
    const tokens = estimateTokens(text)
    const tokensMax = settings.tokensMax === undefined ? (before?.tokensMax ?? null) : settings.tokensMax
    const sizeBytes = Buffer.byteLength(text)
    refuseLarge(path, { tokens, tokensMax, sizeBytes, bytesMax: this.#dependencies.limits.blockBytesMax })
    const version = await blocks.nextBlockVersion(this.#tx, this.#place, path)
    const now = this.#dependencies.clock.now()
    const row: StoredBlock = {
      path,
      version,
      sizeBytes,
      tokens,
      tokensMax,
      ...this.#signature(label),
      ...(await this.#dependencies.vault.seal(this.#tx, this.#place, rowIdOf(this.#place.scope, path, version), text)),
      readOnly: settings.readOnly ?? before?.readOnly ?? false,
      description: settings.description === undefined ? (before?.description ?? null) : settings.description,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    }
    await blocks.writeBlock(this.#tx, this.#place, row)
    await this.#version(row, op, row)
    return blockOf(this.#place.scope, row, text)
  }

  /** Its versions stay, and a later block of that path gets a higher number. Gives the number of the deletion. */
  async remove(path: string): Promise<number> {
    const version = await blocks.nextBlockVersion(this.#tx, this.#place, path)
    await blocks.removeBlock(this.#tx, this.#place, path)
    await this.#version({ path, version, ...this.#signature(this.#author.label) }, "delete", undefined)
    return version
  }

  /** Writes the changes into the log; call it last. Gives the last number, undefined when nothing was changed. */
  async record(): Promise<number | undefined> {
    let seq: number | undefined
    for (const { path, op, version } of this.#changed) {
      const change = { ...this.#place, entry: path, kind: "block", op, versionId: String(version), principal: this.#author.principal }
      seq = await changes.recordChange(this.#tx, change)
    }
    return seq
  }

  #signature(label: Label): Pick<StoredBlock, "label" | "principal" | "runId"> {
    return { label: label as unknown as JsonValue, principal: this.#author.principal, runId: this.#author.runId ?? null } // a Label is plain JSON
  }

  async #version(
    row: Pick<StoredBlock, "path" | "version" | "label" | "principal" | "runId">,
    op: StoredBlockVersion["op"],
    sealed: SealedText | undefined,
  ): Promise<void> {
    const { path, version, label, principal, runId } = row
    const kept = { keyId: sealed?.keyId ?? null, body: sealed?.body ?? null }
    const entry = { path, version, op, label, principal, runId, ...kept, at: this.#dependencies.clock.now() }
    await blocks.addBlockVersion(this.#tx, this.#place, entry, this.#dependencies.limits.blockVersionsMax)
    this.#changed.push({ path, op, version })
  }

  /** A new path lies in no block and contains none, and there is room for it. */
  async #refuseNew(path: string): Promise<void> {
    const { blocksPerScopeMax } = this.#dependencies.limits
    if ((await blocks.countBlocks(this.#tx, this.#place)) >= blocksPerScopeMax)
      throw new AppError("invalid_request", `The scope '${this.#place.scope}' has ${blocksPerScopeMax} blocks; that is all it can have.`, {
        param: "path",
        hint: "Delete some, or put several texts into one block.",
      })
    const segments = path.split("/")
    for (let length = 1; length < segments.length; length++) {
      const parent = segments.slice(0, length).join("/")
      if ((await blocks.findBlock(this.#tx, this.#place, parent)) !== undefined)
        throw new AppError("conflict", `'${parent}' is a block, so it can't contain '${path}'.`, {
          param: "path",
          hint: "Choose another path.",
        })
    }
    if ((await blocks.blocksUnder(this.#tx, this.#place, { under: path, limit: 1 })).length > 0)
      throw new AppError("conflict", `'${path}' is a directory.`, { param: "path", hint: "Choose another path." })
  }
}

/** In order; those that nobody can open any more are left out. */
export async function readBlocks(
  vault: TextVault,
  db: Queryable,
  { projectId, scope }: BlockPlace,
  rows: readonly StoredBlock[],
): Promise<Block[]> {
  const sealed = rows.map(({ keyId, body, path, version }) => ({ keyId, body, rowId: rowIdOf(scope, path, version) }))
  const texts = await vault.open(db, projectId, sealed)
  return rows.flatMap((row, index) => {
    const text = texts[index]
    return text === undefined ? [] : [blockOf(scope, row, text)]
  })
}

/** What a sealed text belongs to: no other row can show it. */
export function rowIdOf(scope: string, path: string, version: number): string {
  return `block ${scope} ${path} ${version}`
}

function blockOf(scope: string, row: StoredBlock, text: string): Block {
  const { path, version, tokens, tokensMax, readOnly, description, principal, runId, createdAt, updatedAt } = row
  const label = row.label as unknown as Label // written by us from a Label
  const sha256 = createHash("sha256").update(text).digest("hex")
  const trust = { label, instructs: label.integrity === 3 }
  return { scope, path, text, version, sha256, tokens, tokensMax, readOnly, description, ...trust, principal, runId, createdAt, updatedAt }
}

function refuseLarge(
  path: string,
  { tokens, tokensMax, sizeBytes, bytesMax }: { tokens: number; tokensMax: number | null; sizeBytes: number; bytesMax: number },
): void {
  if (sizeBytes > bytesMax)
    throw new AppError("request_too_large", `The text of '${path}' has ${sizeBytes} bytes; a block has at most ${bytesMax}.`, {
      param: "text",
      hint: "Split it, or upload it as a file.",
    })
  if (tokensMax !== null && tokens > tokensMax)
    throw new AppError("invalid_request", `The text of '${path}' has about ${tokens} tokens; this block has at most ${tokensMax}.`, {
      param: "text",
      hint: "Shorten it.",
    })
}
