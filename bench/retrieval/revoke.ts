// How long does it take to take a source back of which thousands of facts were derived, and is the next recall free of them?
//   node bench/retrieval/revoke.ts [pglite|postgres] [derived] [restored]     pglite 10000 0 when nothing is said
// Each of a thousand messages of a page has its share of the facts; as many more of another source stay. Of "restored" facts the page had replaced what
// somebody else had said, which is believed again. What is derived is copied in SQL from facts that the product wrote; the revocation is the product's own.
import { createContext } from "../../packages/server/src/context/index.ts"
import { assertFacts } from "../../packages/server/src/context/memory/assert-fact.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { createRuns } from "../../packages/server/src/runs/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import { factDependencies } from "../../packages/server/src/testing/facts.ts"
import { memoryWithoutFacts } from "../../packages/server/src/testing/memory-settings.ts"
import { openBenchStore } from "./bench-store.ts"

const engine = process.argv[2] === "postgres" ? "postgres" : "pglite"
const derived = Number(process.argv[3] ?? 10_000)
const restored = Number(process.argv[4] ?? 0)
const messages = Math.min(1_000, derived)
const scope = "bench"
const projectId = "proj_bench"
const caller = { projectId, principal: "key_bench" }
const page = { source: { kind: "web", uri: "https://page.test" } } as const
const signal = new AbortController().signal

await using opened = await openBenchStore(engine)
const { store } = opened
await using runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits })
const shared = { store, runs, embedAs: undefined, embedModel: "none", clock: systemClock, newId, limits: defaultLimits }
await using context = createContext({ ...shared, sealer: await openSealer(store), memory: memoryWithoutFacts })
await using cleanUps = new AsyncDisposableStack()
const facts = await factDependencies(store, cleanUps)

const sourceId = await fill()
const revocation = await timed(() => context.memories.revoke(caller, sourceId, "bench"))
const recall = await timed(() => context.memories.recall(caller, { scopes: [scope], query: "what does the page say of harbours?" }, signal))
const left = recall.value.entries.filter((entry) => entry.sourceId === sourceId || entry.text?.includes("page") === true).length
const { versions, restored: again } = revocation.value
console.log(
  `${engine}: revoked ${versions} derived (${again} restored) in ${revocation.ms} ms; the next recall took ${recall.ms} ms and had ${left} of them`,
)

async function fill(): Promise<string> {
  const [first] = await Promise.all([say("The page says that harbours are open.", page), say("I say that harbours are closed.", {})])
  await conclude(first.id, first.text ?? "", "Harbours are open, says the page.", null)
  for (let index = 0; index < restored; index++) await replace(index)
  const sql = (text: string): Promise<unknown> => store.system.query(text)
  await sql(`insert into episodes select (jsonb_populate_record(e, jsonb_build_object('id', 'mem_copy' || n, 'content_hash', 'copy' || n))).*
    from episodes e, generate_series(2, ${messages}) n where e.id = '${first.id}'`)
  await sql(`insert into memories select (jsonb_populate_record(m, jsonb_build_object('id', 'mem_fact' || n))).*
    from memories m join memory_versions v on v.memory_id = m.id join derivations d on d.child = v.id, generate_series(2, ${derived - restored}) n
    where d.parent = '${first.id}'`)
  await sql(`set constraints all deferred`)
  await sql(`with copied as (
      insert into memory_versions select (jsonb_populate_record(v, jsonb_build_object('id', 'ver_fact' || n, 'memory_id', 'mem_fact' || n, 'content_hash', 'copy' || n))).*
      from memory_versions v join derivations d on d.child = v.id, generate_series(2, ${derived - restored}) n where d.parent = '${first.id}' returning id)
    insert into derivations (project_id, child, parent_kind, parent) select '${projectId}', 'ver_fact' || n, 'episode',
      case when n % ${messages} < 2 then '${first.id}' else 'mem_copy' || (n % ${messages}) end from generate_series(2, ${derived - restored}) n`)
  await sql("update episodes set upkept_at = now()")
  await sql("update memory_versions set upkept_at = now()")
  await sql("analyze")
  return first.sourceId ?? ""
}

/** What somebody said is replaced by what the page says. */
async function replace(index: number): Promise<void> {
  for (const [more, text] of [
    [{}, `I say that harbour ${index} is closed.`],
    [page, `The page says that harbour ${index} is open.`],
  ] as const) {
    const said = await say(text, { label: { integrity: 1, sources: ["test"], readers: [projectId], secrets: [] }, ...more })
    await conclude(said.id, text, text, `harbour ${index}/state`)
  }
}

function say(text: string, more: object): ReturnType<typeof context.memories.remember> {
  return context.memories.remember(caller, { scope, text, ...more })
}

async function conclude(id: string, quote: string, text: string, slot: string | null): Promise<void> {
  const parents = [{ kind: "episode" as const, id, quote }]
  const fact = { projectId, scope, kind: "fact", op: "assert", slot, text, principal: "key_bench", parents } as const
  await store.project(projectId).transaction((tx) => assertFacts(facts, tx, [fact]))
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - started) }
}
