// Tests of the operator's key for data keys, on both engines: new and old keys open what is theirs, rotation is repeatable, another key is refused by name.
import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createDataKeys, type DataKeys } from "./data-keys.ts"
import { newId, systemClock } from "../../core/index.ts"
import { apiKeys, dataKeys, type Store } from "../../store/index.ts"
import { openTestStore, testEngines } from "../../testing/database.ts"
import { openKeyWrapping, openSealer, parseMasterKey, rewrapDataKeys, type KeyWrapping, type MasterKey } from "../../security/index.ts"

const projectId = "proj_default"
const made = (): { text: string; key: MasterKey } => {
  const text = randomBytes(32).toString("base64")
  return { text, key: parseMasterKey(text) ?? expect.unreachable() }
}

describe.each(testEngines())("the key outside of the database, on %s", (engine) => {
  const cleanUps = new AsyncDisposableStack()
  const [first, second] = [made(), made()]
  let store: Store
  beforeAll(async () => {
    store = cleanUps.use(await openTestStore(engine)).store
  })
  afterAll(() => cleanUps.disposeAsync())

  const open = async (current: MasterKey | null, previous: MasterKey[] = []): Promise<{ wrapping: KeyWrapping; keys: DataKeys }> => {
    const sealer = await openSealer(store)
    const wrapping = await openKeyWrapping(store, sealer, { current, previous })
    const limits = { dataKeysCachedMax: 100, dataKeyCacheMs: 60_000 }
    return { wrapping, keys: cleanUps.use(createDataKeys({ store, sealer, wrapping, clock: systemClock, newId, limits })) }
  }
  const hex = async (keys: DataKeys, subject: string): Promise<string> =>
    Buffer.from((await keys.ensure(projectId, subject)).bytes).toString("hex")
  const wrappers = async (): Promise<Set<string | null>> => new Set((await dataKeys.wrappedBy(store.system)).map(({ by }) => by))

  it("wraps what is new, opens what the installation's secret wrapped, and takes that over when it is rotated, once", async () => {
    const before = await open(null)
    const ada = await hex(before.keys, "ada")
    const outside = await open(first.key)
    expect(await hex(outside.keys, "ada")).toBe(ada)
    const bob = await hex(outside.keys, "bob")
    expect(await wrappers()).toEqual(new Set([first.key.fingerprint, null]))
    expect(await rewrapDataKeys(store, outside.wrapping)).toMatchObject({ fingerprint: first.key.fingerprint, rewrapped: 1, left: 0 })
    expect(await rewrapDataKeys(store, outside.wrapping)).toMatchObject({ rewrapped: 0, left: 0 })
    expect(await wrappers()).toEqual(new Set([first.key.fingerprint]))
    const again = await open(first.key)
    expect([await hex(again.keys, "ada"), await hex(again.keys, "bob")]).toEqual([ada, bob])
    // What lies in the database opens nothing of it.
    const [stored] = await dataKeys.keysWrappedOtherwise(store.system, null, "", 1)
    const sealer = await openSealer(store)
    expect(sealer.openBytes("data keys", projectId, stored?.wrapped ?? new Uint8Array())).toBeUndefined()
  })

  it("refuses a start without it or with another one, names fingerprints and never a key, and changes nothing", async () => {
    const error = await open(second.key).then(() => undefined, String)
    expect(error).toContain(
      `wrapped by the key with the fingerprint ${first.key.fingerprint}; the configured key has the fingerprint ${second.key.fingerprint}`,
    )
    expect(await open(null).then(() => undefined, String)).toContain("no key is configured")
    for (const text of [first.text, second.text, Buffer.from(first.key.bytes).toString("hex")]) expect(error).not.toContain(text)
    expect(await apiKeys.findSetting(store.system, "encryption_key")).toBe(first.key.fingerprint)
  })

  it("is replaced while the old one is named beside it; a rotation that was stopped goes on, what was destroyed stays so", async () => {
    const old = await open(first.key)
    const subjects = ["c", "d", "e"]
    const bytes = await Promise.all(subjects.map((subject) => hex(old.keys, subject)))
    await store.project(projectId).transaction((tx) => old.keys.destroy(tx, projectId, "c"))
    const both = await open(second.key, [first.key])
    // As after a kill: one is done.
    const [one] = await dataKeys.keysWrappedOtherwise(store.system, second.key.fingerprint, "", 1)
    const key = both.wrapping.unwrap(projectId, one?.wrapped ?? new Uint8Array(), one?.wrappedBy ?? null) ?? expect.unreachable()
    const again = {
      id: one?.id ?? "",
      wrapped: both.wrapping.wrap(projectId, key),
      wrappedBy: second.key.fingerprint,
      was: first.key.fingerprint,
    }
    expect(await dataKeys.rewrap(store.system, projectId, again)).toBe(true)
    expect(await open(second.key).then(() => undefined, String)).toContain(
      `still wrapped by the key with the fingerprint ${first.key.fingerprint}`,
    )
    expect(await rewrapDataKeys(store, both.wrapping)).toMatchObject({ left: 0 })
    const alone = await open(second.key)
    expect(await wrappers()).toEqual(new Set([second.key.fingerprint]))
    expect(await Promise.all(subjects.slice(1).map((subject) => hex(alone.keys, subject)))).toEqual(bytes.slice(1))
    expect(await hex(alone.keys, "c")).not.toBe(bytes[0])
  })

  it("is given up the same way", async () => {
    const back = await open(null, [second.key])
    await rewrapDataKeys(store, back.wrapping)
    expect(await wrappers()).toEqual(new Set([null]))
    await expect(open(null)).resolves.toBeDefined()
  })
})

it.each(["", "short", "x".repeat(44), "g".repeat(64)])("'%s' is no key", (text) => {
  expect(parseMasterKey(text)).toBeUndefined()
})

it("the same key as base64 and as hex has one fingerprint", () => {
  const bytes = randomBytes(32)
  const texts = [bytes.toString("base64"), bytes.toString("hex"), `${bytes.toString("base64url")}\n`]
  expect(new Set(texts.map((text) => parseMasterKey(text)?.fingerprint)).size).toBe(1)
})
