// Who is calling: API keys and dashboard sessions, checked in memory without the database, kept fresh in all processes by NOTIFY.
import { hash, randomBytes } from "node:crypto"
import { LRUCache } from "lru-cache"
import type { Clock, NewId } from "../core/index.ts"
import { apiKeys, type Store, type StoredKey } from "../store/index.ts"
import { digestOf, hintOf, newKeyText, sameDigest, shortId, shortIdOf } from "./keys.ts"
import { cookieOf, csrfToken, loginTokenLifeMs, sessionCookie, sessionLifeMs, sign, verify } from "./sessions.ts"
import type { ApiKey, Identity, Principal, RequestHeaders } from "./types.ts"

const channel = "perdure_keys"
/** Beneath the notifications, which can be lost while a connection is made anew. */
const reloadEveryMs = 15_000
const verifiedMax = 10_000
const unrestricted = { scope: null, limits: null, tags: [], user: null } as const
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

export interface IdentityOptions {
  store: Store
  clock: Clock
  newId: NewId
  onError: (error: unknown) => void
}

export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const candidate = randomBytes(32).toString("base64")
  const pepper = Buffer.from(await apiKeys.settingOr(options.store.system, "pepper", candidate), "base64")
  const identity = new KeyedIdentity(options, pepper)
  await identity.start()
  return identity
}

class KeyedIdentity implements Identity {
  readonly #store: Store
  readonly #clock: Clock
  readonly #newId: NewId
  readonly #onError: (error: unknown) => void
  readonly #pepper: Uint8Array
  /** Live keys by the part of their text that finds them. */
  #keys = new Map<string, StoredKey>()
  /** Principals of key texts that were checked since the keys last changed, by SHA-256 of the text. */
  readonly #verified = new LRUCache<string, Principal>({ max: verifiedMax })
  #stopListening: (() => Promise<void>) | undefined
  #timer: NodeJS.Timeout | undefined
  /** Readings of the keys: begun so far, and the newest whose result is in use. */
  #begun = 0
  #shown = 0

  constructor({ store, clock, newId, onError }: IdentityOptions, pepper: Uint8Array) {
    this.#store = store
    this.#clock = clock
    this.#newId = newId
    this.#onError = onError
    this.#pepper = pepper
  }

  async start(): Promise<void> {
    const reload = (): void => void this.#reload().catch(this.#onError)
    this.#stopListening = await this.#store.listen(channel, reload)
    this.#timer = setInterval(reload, reloadEveryMs).unref()
    await this.#reload()
  }

  authenticate(headers: RequestHeaders, method: string): Principal | undefined {
    const text = bearerOf(headers)
    return text === undefined ? this.#sessionPrincipal(headers, method) : this.#keyPrincipal(text)
  }

  async createKey(projectId: string, name: string): Promise<{ id: string; name: string; secret: string }> {
    const id = this.#newId("key")
    const secret = newKeyText(id)
    await apiKeys.ensureProject(this.#store.system, projectId, projectId)
    await apiKeys.insertKey(this.#store.system, { id, projectId, name, digest: digestOf(this.#pepper, secret), hint: hintOf(secret) })
    await this.#changed()
    return { id, name, secret }
  }

  async listKeys(projectId: string): Promise<ApiKey[]> {
    const keys = await apiKeys.keysOfProject(this.#store.system, projectId)
    return keys.map(({ id, name, hint, createdAt, revokedAt }) => ({ id, name, hint, createdAt, revokedAt }))
  }

  async revokeKey(projectId: string, keyId: string): Promise<boolean> {
    const revoked = await apiKeys.revokeKey(this.#store.system, projectId, keyId)
    if (revoked) await this.#changed()
    return revoked
  }

  createLoginToken(projectId: string): string {
    return sign(this.#pepper, { use: "login", projectId, expiresAt: this.#clock.now() + loginTokenLifeMs })
  }

  async exchangeLoginToken(token: string): Promise<{ setCookie: string; csrf: string } | undefined> {
    const claims = verify(this.#pepper, token, "login", this.#clock.now())
    if (!claims || !(await apiKeys.useLoginToken(this.#store.system, claims.id, claims.expiresAt))) return undefined
    const session = sign(this.#pepper, { use: "session", projectId: claims.projectId, expiresAt: this.#clock.now() + sessionLifeMs })
    const setCookie = `${sessionCookie}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionLifeMs / 1000}`
    return { setCookie, csrf: csrfToken(this.#pepper, session) }
  }

  csrfOf(headers: RequestHeaders): string | undefined {
    const session = cookieOf(headers.cookie, sessionCookie)
    if (session === undefined || !verify(this.#pepper, session, "session", this.#clock.now())) return undefined
    return csrfToken(this.#pepper, session)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#stopListening?.()
  }

  #keyPrincipal(text: string): Principal | undefined {
    const known = this.#verified.get(hash("sha256", text))
    if (known) return known
    const key = this.#keys.get(shortIdOf(text) ?? "")
    if (!key || !sameDigest(key.digest, digestOf(this.#pepper, text))) return undefined
    const principal: Principal = { ...unrestricted, id: key.id, projectId: key.projectId, kind: "key", name: key.name }
    this.#verified.set(hash("sha256", text), principal)
    return principal
  }

  #sessionPrincipal(headers: RequestHeaders, method: string): Principal | undefined {
    const session = cookieOf(headers.cookie, sessionCookie)
    const claims = session === undefined ? undefined : verify(this.#pepper, session, "session", this.#clock.now())
    if (session === undefined || !claims) return undefined
    if (!safeMethods.has(method) && headers["x-perdure-csrf"] !== csrfToken(this.#pepper, session)) return undefined
    return { ...unrestricted, id: "user:admin", projectId: claims.projectId, kind: "session", name: "admin" }
  }

  async #changed(): Promise<void> {
    await this.#reload()
    await this.#store.notify(channel, "")
  }

  async #reload(): Promise<void> {
    const reading = ++this.#begun
    const keys = await apiKeys.liveKeys(this.#store.system)
    // Readings run beside each other: one that began before a revocation must not bring the key back.
    if (reading < this.#shown) return
    this.#shown = reading
    this.#keys = new Map(keys.map((key) => [shortId(key.id), key]))
    this.#verified.clear()
  }
}

function bearerOf(headers: RequestHeaders): string | undefined {
  const { authorization } = headers
  if (authorization !== undefined) return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : ""
  const key = headers["x-api-key"]
  return typeof key === "string" ? key : undefined
}
