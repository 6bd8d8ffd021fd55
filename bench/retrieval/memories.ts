// How long does it take to remember one statement and to recall it, in a scope that grows? With the real embedding model and the embedded database.
//   node bench/retrieval/memories.ts [statements]     1,000 when no number is given
import { openMiniLm } from "@perdure/minilm"
import { createContext } from "../../packages/server/src/context/index.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { createRuns } from "../../packages/server/src/runs/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import { openBenchStore } from "./bench-store.ts"
import { memoryForTests } from "../../packages/server/src/testing/memory-settings.ts"

const count = Number(process.argv[2] ?? 1_000)
const caller = { projectId: "proj_bench", principal: "key_bench" }
const things = ["tea", "coffee", "mountains", "violins", "bicycles", "novels", "gardens", "trains", "maps", "clocks"]
const verbs = ["likes", "collects", "avoids", "repairs", "paints", "studies", "sells", "remembers"]

await using minilm = await openMiniLm()
await using opened = await openBenchStore()
const { store } = opened
await using runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits })
const embed = (texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]> => minilm.embed(texts, signal)
const shared = { store, runs, embedAs: () => embed, embedModel: "perdure/minilm", clock: systemClock, newId, limits: defaultLimits }
await using context = createContext({ ...shared, sealer: await openSealer(store), memory: memoryForTests })

const signal = new AbortController().signal
const remembering: number[] = []
const recalling: number[] = []
let missed = 0
for (let index = 0; index < count; index++) {
  const text = `Person ${index} ${verbs[index % verbs.length]} ${things[index % things.length]} in town number ${index * 7}`
  const memory = await timed(remembering, () => context.memories.remember(caller, { scope: "bench", text }))
  const query = { scopes: ["bench"], query: `what does person ${index} do?`, limit: 10 }
  const { entries: hits } = await timed(recalling, () => context.memories.recall(caller, query, signal))
  if (!hits.some((hit) => hit.id === memory.id)) missed += 1
}
console.log(`${count} statements, each recalled at once; ${missed} not among the first 10\n`)
console.log("            p50     p99   (ms, wall)")
for (const [name, values] of [["remember", remembering] as const, ["recall", recalling] as const]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1).padStart(6)
  console.log(`${name.padEnd(10)}${at(0.5)}  ${at(0.99)}`)
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await work()
  times.push(performance.now() - started)
  return result
}
