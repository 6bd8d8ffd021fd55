// Keys under which bodies are encrypted: one for each subject, unwrapped ones kept in memory for a while, destroyed ones forgotten at once.
import { createHmac, hkdfSync, randomBytes } from "node:crypto"
import { AppError, messageOf, type Clock, type NewId } from "../../core/index.ts"
import { createKeyWrapping, type KeyWrapping, type Sealer } from "../../security/index.ts"
import { derivedTermKeys, type TermKeyOf } from "../retrieval/term-hash.ts"
import { dataKeys, type Queryable, type Store, type StoredDataKey } from "../../store/index.ts"

export interface DataKey {
  id: string
  bytes: Uint8Array
  /** What is derived from it: for the words of the index, and for recognising the same content again. */
  terms: Uint8Array
  content: Uint8Array
}

export interface DataKeys extends AsyncDisposable {
  /** The live key of a subject, made if there is none. Outside of transactions: it commits what it makes. */
  ensure(projectId: string, subject: string): Promise<DataKey>
  /** The same inside of a transaction, which may still roll back: what it makes is not kept in memory. */
  within(tx: Queryable, projectId: string, subject: string): Promise<DataKey>
  /** The same for what is about to be written under it: nobody destroys it before the transaction ends. */
  held(tx: Queryable, projectId: string, subject: string): Promise<DataKey>
  /** Keys by their ids; those that were destroyed are left out. */
  byIds(db: Queryable, projectId: string, ids: Iterable<string>): Promise<Map<string, Uint8Array>>
  /** The key of the words of an index scope. It dies with the key of the memory scope, and then no word can be told from the index. */
  readonly termKeyOf: TermKeyOf
  /** Reads that key anew when it is next wanted. */
  forget(id: string): void
  /** Makes everything under the subject's key unreadable. What was cached elsewhere goes when the transaction commits. */
  destroy(tx: Queryable, projectId: string, subject: string): Promise<void>
}

export interface DataKeysDependencies {
  store: Pick<Store, "project" | "listen">
  sealer: Sealer
  /** Under what keys are wrapped; the installation's secret when absent. */
  wrapping?: KeyWrapping | undefined
  clock: Clock
  newId: NewId
  limits: { dataKeysCachedMax: number; dataKeyCacheMs: number }
  onError?: (name: string, message: string) => void
}

const keyBytes = 32
/** Times that a key which is there when it is looked for is gone when it is to be held. */
const holdTimesMax = 3

/** Whom an entry is about unless something else is said: everybody in its scope together. */
export function subjectOfScope(path: string): string {
  return `scope:${path}`
}

export function createDataKeys(dependencies: DataKeysDependencies): DataKeys {
  return new KeyService(dependencies)
}

interface Cached extends DataKey {
  projectId: string
  subject: string
  readAt: number
}

class KeyService implements DataKeys {
  readonly #dependencies: DataKeysDependencies
  readonly #wrapping: KeyWrapping
  readonly #byId = new Map<string, Cached>()
  readonly #bySubject = new Map<string, Cached>()
  /** Ids of those that a transaction holds. */
  readonly #held = new WeakMap<Queryable, Set<string>>()
  readonly termKeyOf: TermKeyOf
  readonly #listening: Promise<(() => Promise<void>) | undefined>

  constructor(dependencies: DataKeysDependencies) {
    this.#dependencies = dependencies
    this.#wrapping = dependencies.wrapping ?? createKeyWrapping(dependencies.sealer)
    const ofDocuments = derivedTermKeys(dependencies.sealer.key("context terms"))
    this.termKeyOf = async (db, projectId, scopeId) => {
      const scope = memoryScopeOf(scopeId)
      if (scope === undefined) return ofDocuments(db, projectId, scopeId)
      const { terms } = await this.within(db, projectId, subjectOfScope(scope))
      return terms
    }
    this.#listening = dependencies.store
      .listen("perdure_data_keys", (id) => this.forget(id))
      .catch((error: unknown) => {
        dependencies.onError?.("listening for destroyed keys", messageOf(error))
        return undefined
      })
  }

  async ensure(projectId: string, subject: string): Promise<DataKey> {
    const cached = this.#fresh(this.#bySubject.get(`${projectId} ${subject}`))
    if (cached !== undefined) return cached
    const db = this.#dependencies.store.project(projectId)
    const found = (await dataKeys.liveKey(db, projectId, subject)) ?? (await this.#make(db, projectId, subject))
    return this.#remember(projectId, found)
  }

  async within(tx: Queryable, projectId: string, subject: string): Promise<DataKey> {
    const cached = this.#fresh(this.#bySubject.get(`${projectId} ${subject}`))
    if (cached !== undefined) return cached
    const found = await dataKeys.liveKey(tx, projectId, subject)
    if (found !== undefined) return this.#remember(projectId, found)
    const made = await this.#make(tx, projectId, subject)
    return { id: made.id, ...this.#unwrap(projectId, made) }
  }

  async held(tx: Queryable, projectId: string, subject: string): Promise<DataKey> {
    const held = this.#held.get(tx) ?? new Set<string>()
    this.#held.set(tx, held)
    for (let times = 0; times < holdTimesMax; times++) {
      const key = await this.within(tx, projectId, subject)
      if (held.has(key.id) || (await dataKeys.holdDataKey(tx, projectId, key.id))) {
        held.add(key.id)
        return key
      }
      // Destroyed, and this process had not heard of it yet.
      this.forget(key.id)
    }
    throw keyGone()
  }

  async byIds(db: Queryable, projectId: string, ids: Iterable<string>): Promise<Map<string, Uint8Array>> {
    const wanted = new Set(ids)
    const found = new Map<string, Uint8Array>()
    for (const id of wanted) {
      const cached = this.#fresh(this.#byId.get(`${projectId} ${id}`))
      if (cached !== undefined) found.set(id, cached.bytes)
    }
    const missing = [...wanted].filter((id) => !found.has(id))
    if (missing.length === 0) return found
    for (const key of await dataKeys.keysByIds(db, projectId, missing)) {
      if (key.wrapped !== null) found.set(key.id, this.#remember(projectId, key).bytes)
    }
    return found
  }

  async destroy(tx: Queryable, projectId: string, subject: string): Promise<void> {
    const ids = await dataKeys.destroyKeys(tx, projectId, subject, this.#dependencies.clock.now())
    for (const id of ids) this.forget(id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stop = await this.#listening
    await stop?.()
  }

  async #make(db: Queryable, projectId: string, subject: string): Promise<StoredDataKey> {
    const { newId, clock } = this.#dependencies
    const wrapped = this.#wrapping.wrap(projectId, randomBytes(keyBytes))
    const wrappedBy = this.#wrapping.current
    await dataKeys.insertDataKey(db, projectId, { id: newId("key"), subject, wrapped, wrappedBy, createdAt: clock.now() })
    const found = await dataKeys.liveKey(db, projectId, subject)
    if (found === undefined) throw keyGone()
    return found
  }

  #remember(projectId: string, key: StoredDataKey): Cached {
    const { clock, limits } = this.#dependencies
    const cached = { projectId, subject: key.subject, id: key.id, ...this.#unwrap(projectId, key), readAt: clock.monotonic() }
    this.#byId.set(`${projectId} ${key.id}`, cached)
    this.#bySubject.set(`${projectId} ${key.subject}`, cached)
    for (const oldest of this.#byId.values()) {
      if (this.#byId.size <= limits.dataKeysCachedMax) break
      this.#drop(oldest)
    }
    return cached
  }

  #unwrap(projectId: string, { id, wrapped, wrappedBy }: StoredDataKey): Omit<DataKey, "id"> {
    const bytes = wrapped === null ? undefined : this.#wrapping.unwrap(projectId, wrapped, wrappedBy)
    if (bytes !== undefined) return { bytes, terms: derived(bytes, "terms"), content: derived(bytes, "content") }
    if (wrappedBy !== null) {
      throw new AppError(
        "server_error",
        `The data key ${id} is wrapped by the key with the fingerprint ${wrappedBy}, which does not open it here.`,
        {
          hint: "Configure that key as encryption.key, or among encryption.previousKeys, and start again.",
        },
      )
    }
    throw new AppError("server_error", `The data key ${id} cannot be unwrapped with this installation's secret.`, {
      hint: "Restore the row `sealing_secret` of the table settings that belongs to this database.",
    })
  }

  #fresh(cached: Cached | undefined): Cached | undefined {
    const { clock, limits } = this.#dependencies
    return cached !== undefined && clock.monotonic() - cached.readAt < limits.dataKeyCacheMs ? cached : undefined
  }

  forget(id: string): void {
    for (const cached of this.#byId.values()) if (cached.id === id) this.#drop(cached)
  }

  #drop(cached: Cached): void {
    this.#byId.delete(`${cached.projectId} ${cached.id}`)
    const subject = `${cached.projectId} ${cached.subject}`
    if (this.#bySubject.get(subject)?.id === cached.id) this.#bySubject.delete(subject)
  }
}

function keyGone(): AppError {
  return new AppError("conflict", "The key of this data was destroyed while it was used.", { hint: "Try again." })
}

/** Recognises the same text in the scope again, and tells nobody without the key what it was. */
export function contentHash({ content }: DataKey, parts: readonly (string | number | null)[]): string {
  const hmac = createHmac("sha256", content)
  return hmac.update(JSON.stringify(parts)).digest().subarray(0, hashBytes).toString("base64url")
}

const hashBytes = 16

function derived(key: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, "", `perdure ${use}`, keyBytes))
}

/** The memory scope of an index scope; undefined for those of documents. */
function memoryScopeOf(scopeId: string): string | undefined {
  const prefix = ["memory:", "history:"].find((each) => scopeId.startsWith(each))
  return prefix && scopeId.slice(prefix.length)
}
