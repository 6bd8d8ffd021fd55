// Operational state: versioned JSON values by scope and key, written by compare-and-swap, every write in the change log.
import { createHash } from "node:crypto"
import { AppError, canonicalJson, type Clock, type JsonValue, type Limits } from "../../core/index.ts"
import type { Label } from "../../security/index.ts"
import { changes, states, type Queryable, type StateKey, type Store, type StoredState, type StoredStateVersion } from "../../store/index.ts"
import { holds, type Precondition, type Swap } from "../precondition.ts"
import type { RequireScope } from "../scope-access.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import type { SealedText, TextVault } from "../sealed-text.ts"

export interface State {
  scope: string
  key: string
  value: JsonValue
  version: number
  /** Of the value as canonical JSON. */
  sha256: string
  label: Label
  principal: string
  runId: string | null
  createdAt: number
  updatedAt: number
}

export interface StateVersion extends Omit<State, "createdAt" | "updatedAt" | "value" | "sha256"> {
  op: "write" | "delete"
  value: JsonValue | null
  at: number
}

export interface StateWrite {
  scope: string
  key: string
  value: JsonValue
  precondition?: Precondition | undefined
  /** Join of what influenced the value. */
  label: Label
  runId?: string | undefined
}

export interface States {
  get(caller: MemoryCaller, scope: string, key: string): Promise<State>
  list(
    caller: MemoryCaller,
    scope: string,
    page: { after?: string | undefined; prefix?: string | undefined; limit: number },
  ): Promise<State[]>
  put(caller: MemoryCaller, write: StateWrite): Promise<Swap<State>>
  delete(caller: MemoryCaller, write: Omit<StateWrite, "value">): Promise<Swap<State>>
  versions(caller: MemoryCaller, scope: string, key: string): Promise<StateVersion[]>
}

export interface StatesDependencies {
  store: Store
  vault: TextVault
  requireScope: RequireScope
  clock: Clock
  limits: Pick<Limits, "stateBytesMax" | "statesPerScopeMax" | "stateVersionsMax">
}

export function createStates(dependencies: StatesDependencies): States {
  return new StateService(dependencies)
}

class StateService implements States {
  readonly #dependencies: StatesDependencies

  constructor(dependencies: StatesDependencies) {
    this.#dependencies = dependencies
  }

  async get(caller: MemoryCaller, scope: string, key: string): Promise<State> {
    const db = this.#dependencies.store.project(caller.projectId)
    const place = { projectId: caller.projectId, scope: await this.#dependencies.requireScope(db, caller, scope, "read"), key }
    const state = await this.#find(db, place)
    if (state === undefined) throw noState(place)
    return state
  }

  async list(
    caller: MemoryCaller,
    scope: string,
    page: { after?: string | undefined; prefix?: string | undefined; limit: number },
  ): Promise<State[]> {
    const db = this.#dependencies.store.project(caller.projectId)
    const path = await this.#dependencies.requireScope(db, caller, scope, "read")
    const rows = await states.listStates(db, caller.projectId, path, { after: page.after, prefix: page.prefix, limit: page.limit })
    const place = { projectId: caller.projectId, scope: path }
    const texts = await this.#open(db, place, rows)
    return rows.flatMap((row, index) => readable(path, row, texts[index]) ?? [])
  }

  async put(caller: MemoryCaller, write: StateWrite): Promise<Swap<State>> {
    const { stateBytesMax, stateVersionsMax } = this.#dependencies.limits
    const text = JSON.stringify(write.value)
    if (Buffer.byteLength(text) > stateBytesMax) throw tooLarge(write.key, Buffer.byteLength(text), stateBytesMax)
    return this.#locked(caller, write, async (tx, place, current) => {
      if (current === undefined) await this.#refuseFull(tx, place)
      const { version, sealed } = await this.#nextVersion(tx, place, text)
      const now = this.#dependencies.clock.now()
      const common = { key: place.key, version, ...sealed, ...authorOf(caller, write) }
      const row: StoredState = { ...common, createdAt: current?.createdAt ?? now, updatedAt: now }
      await states.writeState(tx, place, row)
      await states.addStateVersion(tx, place, { ...common, op: "write", at: now }, stateVersionsMax)
      return { state: stateOf(place.scope, row, text), op: "write" }
    })
  }

  async delete(caller: MemoryCaller, write: Omit<StateWrite, "value">): Promise<Swap<State>> {
    return this.#locked(caller, write, async (tx, place, current) => {
      if (current === undefined) throw noState(place)
      const version = await states.nextStateVersion(tx, place)
      await states.removeState(tx, place)
      const gone = { key: place.key, version, keyId: null, body: null, ...authorOf(caller, write) }
      await states.addStateVersion(
        tx,
        place,
        { ...gone, op: "delete", at: this.#dependencies.clock.now() },
        this.#dependencies.limits.stateVersionsMax,
      )
      return { state: { ...current, version }, op: "delete" }
    })
  }

  async versions(caller: MemoryCaller, scope: string, key: string): Promise<StateVersion[]> {
    const db = this.#dependencies.store.project(caller.projectId)
    const place = { projectId: caller.projectId, scope: await this.#dependencies.requireScope(db, caller, scope, "read"), key }
    const rows = await states.stateVersions(db, place)
    if (rows.length === 0) throw noState(place)
    const kept = rows.filter((row): row is StoredStateVersion & SealedText => row.body !== null && row.keyId !== null)
    const texts = await this.#open(db, place, kept)
    const byVersion = new Map(kept.map((row, index) => [row.version, texts[index]]))
    return rows.map((row) => versionOf(place.scope, row, byVersion.get(row.version)))
  }

  /** Looks and writes under the lock of the key; the change is the last statement. */
  async #locked(
    caller: MemoryCaller,
    write: Omit<StateWrite, "value">,
    work: (tx: Queryable, place: StateKey, current: State | undefined) => Promise<{ state: State; op: string }>,
  ): Promise<Swap<State>> {
    const { store, requireScope } = this.#dependencies
    return store.project(caller.projectId).transaction(async (tx): Promise<Swap<State>> => {
      const place = { projectId: caller.projectId, scope: await requireScope(tx, caller, write.scope, "write"), key: write.key }
      await states.lockState(tx, place)
      const current = await this.#find(tx, place)
      if (!holds(write.precondition, current)) return { written: false, current: current ?? null }
      const { state, op } = await work(tx, place, current)
      const seq = await changes.recordChange(tx, {
        projectId: place.projectId,
        scope: place.scope,
        entry: place.key,
        kind: "state",
        op,
        versionId: String(state.version),
        principal: caller.principal,
      })
      return { written: true, value: state, seq }
    })
  }

  async #find(db: Queryable, place: StateKey): Promise<State | undefined> {
    const row = await states.findState(db, place)
    if (row === undefined) return undefined
    const [text] = await this.#open(db, place, [row])
    return readable(place.scope, row, text)
  }

  #open(
    db: Queryable,
    { projectId, scope }: Omit<StateKey, "key">,
    rows: readonly (SealedText & { key: string; version: number })[],
  ): Promise<(string | undefined)[]> {
    const sealed = rows.map(({ keyId, body, key, version }) => ({ keyId, body, rowId: rowIdOf(scope, key, version) }))
    return this.#dependencies.vault.open(db, projectId, sealed)
  }

  async #nextVersion(tx: Queryable, place: StateKey, text: string): Promise<{ version: number; sealed: SealedText }> {
    const version = await states.nextStateVersion(tx, place)
    return { version, sealed: await this.#dependencies.vault.seal(tx, place, rowIdOf(place.scope, place.key, version), text) }
  }

  async #refuseFull(tx: Queryable, { projectId, scope }: StateKey): Promise<void> {
    const { statesPerScopeMax } = this.#dependencies.limits
    if ((await states.countStates(tx, projectId, scope)) < statesPerScopeMax) return
    throw new AppError("invalid_request", `The scope '${scope}' has ${statesPerScopeMax} states; that is all it can have.`, {
      param: "key",
      hint: "Delete some, or put several values into one state.",
    })
  }
}

/** What a sealed text belongs to: no other row can show it. */
export function rowIdOf(scope: string, key: string, version: number): string {
  return `state ${scope} ${key} ${version}`
}

export function sha256Of(value: JsonValue): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex")
}

function authorOf(caller: MemoryCaller, write: Omit<StateWrite, "value">): Pick<StoredState, "label" | "principal" | "runId"> {
  return { label: write.label as unknown as JsonValue, principal: caller.principal, runId: write.runId ?? null } // a Label is plain JSON
}

function stateOf(scope: string, row: StoredState, text: string): State {
  const value = JSON.parse(text) as JsonValue // written by us
  const { key, version, principal, runId, createdAt, updatedAt } = row
  return {
    scope,
    key,
    value,
    version,
    sha256: sha256Of(value),
    label: row.label as unknown as Label,
    principal,
    runId,
    createdAt,
    updatedAt,
  }
}

/** Undefined where nobody can open it any more. */
function readable(scope: string, row: StoredState, text: string | undefined): State | undefined {
  return text === undefined ? undefined : stateOf(scope, row, text)
}

function versionOf(scope: string, row: StoredStateVersion, text: string | undefined): StateVersion {
  const { key, version, op, principal, runId, at } = row
  const value = text === undefined ? null : (JSON.parse(text) as JsonValue)
  return { scope, key, version, op, value, label: row.label as unknown as Label, principal, runId, at }
}

function noState({ scope, key }: { scope: string; key: string }): AppError {
  return new AppError("not_found", `There is no state '${key}' in '${scope}'.`, {
    param: "key",
    hint: `List them with GET /v1/states/${encodeURIComponent(scope)}.`,
  })
}

function tooLarge(key: string, sizeBytes: number, max: number): AppError {
  return new AppError("request_too_large", `The value of '${key}' has ${sizeBytes} bytes as JSON; at most ${max} are kept.`, {
    param: "value",
    hint: "Upload it as a file and keep its id.",
  })
}
