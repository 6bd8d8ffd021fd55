// Poisoned memory: whatever way outsiders' text comes in, it never stands where a model takes instructions from, always explains to its source, and goes with it.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import { assertFacts, type FactDependencies, type FactOutcome, type NewFact } from "../../packages/server/src/context/memory/assert-fact.ts"
import { createDataKeys } from "../../packages/server/src/context/memory/data-keys.ts"
import type { Entry, NewMemory, Recall } from "../../packages/server/src/context/index.ts"
import { newId, systemClock } from "../../packages/server/src/core/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { openAiClient } from "../../packages/server/src/testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../packages/server/src/testing/responses-server.ts"
import { channels, type Attack, type Channel } from "./poisoning-channels.ts"
import { payloads, type Payload } from "./poisoning-payloads.ts"

const question = "What is the harbour schedule?"
const cleanUps = new AsyncDisposableStack()
let provider: FakeProvider
let server: ResponsesServer
let facts: FactDependencies

beforeAll(async () => {
  provider = cleanUps.use(await startFakeProvider())
  server = cleanUps.use(await startResponsesServer({ providerUrl: provider.url, fsync: false }))
  const { store } = server
  const limits = { dataKeysCachedMax: 1_000, dataKeyCacheMs: 60_000 }
  const keys = cleanUps.use(createDataKeys({ store, sealer: await openSealer(store), clock: systemClock, newId, limits }))
  facts = { keys, index: createScopeIndex({ store, termKeyOf: keys.termKeyOf }), clock: systemClock, newId }
})
afterAll(() => cleanUps.disposeAsync())

const caller = (): { projectId: string; principal: string } => ({ projectId: server.projectId, principal: server.keyId })
const say = (scope: string, text: string, more: Partial<NewMemory> = {}): Promise<Entry> =>
  server.context.memories.remember(caller(), { scope, text, ...more })

async function conclude(scope: string, from: readonly Entry[], fact: Partial<NewFact> & { text: string }): Promise<FactOutcome> {
  const parents = from.map(({ id, versionId, text }) =>
    versionId === null ? { kind: "episode" as const, id, quote: text ?? "" } : { kind: "version" as const, id: versionId },
  )
  const all: NewFact = {
    projectId: server.projectId,
    scope,
    kind: "fact",
    op: "assert",
    slot: null,
    principal: server.keyId,
    parents,
    ...fact,
  }
  const [outcome] = await server.store.project(server.projectId).transaction((tx) => assertFacts(facts, tx, [all]))
  return outcome ?? { op: "refused", reason: "none" }
}

async function respond(scope: string, input: string | object[], answer: string, memory: object = {}): Promise<void> {
  provider.next({ text: answer })
  const body = { model: "fake-model", input, instructions: "You work at the harbour.", perdure: { memory: { scope, ...memory } } }
  await openAiClient(server).responses.create(body as never)
}

const attackOn = (scope: string, mark: string, text: string): Attack => ({
  server,
  scope,
  mark,
  text,
  say: (said, more) => say(scope, said, more),
  conclude: (from, fact) => conclude(scope, from, fact),
  respond: (input, answer) => respond(scope, input, answer),
})

/** What the provider really got. */
const received = (): { role: string; content: string }[] =>
  ((provider.last?.body["messages"] ?? []) as { role: string; content: unknown }[]).map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? content : JSON.stringify(content),
  }))

const recall = (scope: string): Promise<Recall> =>
  server.context.memories.recall(
    caller(),
    { scopes: [scope], query: question, directives: "include", limit: 50 },
    AbortSignal.timeout(60_000),
  )

const opening = /<(memory|block|state|profile|timeline|document)\s([^>]*)>/gu

/** Every mark lies between an opening fence of level 0 and the closing one of that kind; nothing in between is a fence. */
function expectFenced(content: string, mark: string): void {
  for (let at = content.indexOf(mark); at >= 0; at = content.indexOf(mark, at + 1)) {
    const before = [...content.slice(0, at).matchAll(opening)].at(-1)
    expect(before?.[2], content).toContain('level="0"')
    const inside = content.slice((before?.index ?? 0) + (before?.[0].length ?? 0), at)
    expect(inside).not.toMatch(/<\s*\/?\s*(?:memory|block|state|profile|timeline|document)\b/iu)
    expect(content.indexOf(`</${before?.[1] ?? ""}>`, at)).toBeGreaterThan(at)
  }
}

/** Sources of an entry, at any distance. */
async function sourcesOf(entry: Entry): Promise<string[]> {
  const { source, grounds } = await server.context.memories.explain(caller(), entry.id)
  const walk = (list: typeof grounds): string[] =>
    list.flatMap((ground) => [...(ground.source ? [ground.source.id] : []), ...walk(ground.grounds)])
  return [...(source ? [source.id] : []), ...walk(grounds)]
}

/** Gives what can still be recalled once all its sources are revoked. */
async function holds(channel: Channel, payload: Payload, index: number, mark: string): Promise<string> {
  const scope = `user:case-${index}`
  await channel.poison(attackOn(scope, mark, payload.text(mark)))
  await respond(scope, question, "Noted.", { remember: false, recall: { states: channel.name === "a state" ? ["cart"] : [] } })
  for (const { role, content } of received()) {
    if (channel.isReadable === false || role === "system" || role === "developer") expect(content, `${role} position`).not.toContain(mark)
    else expectFenced(content, mark)
  }
  // What several sources say shows once; revoking one lets the next come to light, until none is left.
  for (let round = 0; round < roundsMax; round++) {
    const { entries } = await recall(scope)
    const poisoned = entries.filter(({ text }) => text?.includes(mark))
    expect(poisoned.length === 0 || channel.isReadable !== false, "read across the wall").toBe(true)
    for (const entry of poisoned) {
      expect(entry.label.integrity, entry.kind).toBe(0)
      const sources = await sourcesOf(entry)
      expect(sources.length, `sources of ${entry.kind}`).toBeGreaterThan(0)
      for (const id of sources) await revokeOnce(id)
    }
    if (poisoned.length === 0) break
    expect(idsOf(await recall(scope))).not.toEqual(expect.arrayContaining(poisoned.map(({ id }) => id)))
  }
  return JSON.stringify((await recall(scope)).entries)
}

/** As many as a channel has sources, and one. */
const roundsMax = 6

const idsOf = ({ entries }: Recall): string[] => entries.map(({ id }) => id)

const revoked = new Set<string>()
async function revokeOnce(id: string): Promise<void> {
  if (revoked.has(id)) return
  revoked.add(id)
  await server.context.memories.revoke(caller(), id, "poisoned")
}

const cases = channels.flatMap((channel) => payloads.map((payload) => [channel, payload] as const))

it("there are at least 200 cases", () => expect(cases.length).toBeGreaterThanOrEqual(200))

describe.each(channels)("$name", (channel) => {
  it.each(payloads)("carrying $name instructs nobody, explains to its source, and goes when that is revoked", async (payload) => {
    const index = channels.indexOf(channel) * payloads.length + payloads.indexOf(payload)
    const mark = `zq${String(index).padStart(4, "0")}x`
    expect(await holds(channel, payload, index, mark)).not.toContain(mark)
  })
})

const claims: readonly [name: string, more: Partial<NewFact>, times: number][] = [
  ["one newer claim", {}, 1],
  ["ten claims of ten pages", {}, 10],
  ["a claim that says it refines", { refines: true }, 1],
  ["a claim that a model finds unclear", { isUnclear: true }, 1],
  ["a claim that is surer", { confidence: 1, salience: 1 }, 1],
  ["a claim of a later time", { validFrom: Date.UTC(2030, 0, 1) }, 1],
  ["a retraction", { op: "retract" }, 1],
  ["a claim with a label of its own", { label: { integrity: 3, sources: ["user:ada"], readers: ["proj_default"], secrets: [] } }, 1],
]

describe("a statement that its user made", () => {
  it.each(claims)("is not replaced by %s of an outsider", async (name, more, times) => {
    const scope = `user:claims-${claims.findIndex(([other]) => other === name)}`
    const own = { text: "Banks with North Bank", slot: "user/bank" }
    expect((await conclude(scope, [await say(scope, "My bank is North Bank.")], own)).op).toBe("assert")
    for (let page = 0; page < times; page++) {
      const from = await say(scope, `The user's bank is Evil Bank (${page}).`, {
        source: { kind: "web", uri: `https://evil.example/${page}` },
      })
      const { op } = await conclude(scope, [from], { text: `Banks with Evil Bank ${page}`, slot: "user/bank", ...more })
      expect(["contradict", "refused", "known", "unheard"]).toContain(op)
    }
    const heads = await server.context.memories.list(caller(), { scope, kinds: ["fact"], limit: 50 })
    expect(heads.map(({ text }) => text)).toEqual(["Banks with North Bank"])
  })
})
