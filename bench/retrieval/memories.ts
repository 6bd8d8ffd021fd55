// How long does it take to remember one statement and to recall it, in a scope that already holds many? The whole way of the product: rights, bodies
// under their keys, the embedding of the question, the words, the vectors, the fusion; without the rerank.
//   node bench/retrieval/memories.ts [pglite|postgres] [there before] [statements] [minilm|constant]     pglite 10000 200 minilm when nothing is said
// "constant": an embedding that costs nothing, to see what is left. What was there before is always written with that one, since only its number counts.
import { openMiniLm } from "@perdure/minilm"
import { createContext, type ContextServices } from "../../packages/server/src/context/index.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { createRuns } from "../../packages/server/src/runs/index.ts"
import { openSealer } from "../../packages/server/src/security/index.ts"
import { memoryWithoutFacts } from "../../packages/server/src/testing/memory-settings.ts"
import { openBenchStore } from "./bench-store.ts"

const engine = process.argv[2] === "postgres" ? "postgres" : "pglite"
const before = Number(process.argv[3] ?? 10_000)
const count = Number(process.argv[4] ?? 200)
const isConstant = process.argv[5] === "constant"
const scope = "bench"
const caller = { projectId: "proj_bench", principal: "key_bench" }
const things = ["tea", "coffee", "mountains", "violins", "bicycles", "novels", "gardens", "trains", "maps", "clocks"]
const verbs = ["likes", "collects", "avoids", "repairs", "paints", "studies", "sells", "remembers"]
const signal = new AbortController().signal

await using minilm = await openMiniLm()
await using opened = await openBenchStore(engine)
const { store } = opened
await using runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits })
let isFilling = before > 0
const embed = (texts: readonly string[], stop: AbortSignal): Promise<Float32Array[]> =>
  isFilling || isConstant ? Promise.resolve(texts.map(constantVector)) : minilm.embed(texts, stop)
const shared = { store, runs, embedAs: () => embed, embedModel: "perdure/minilm", clock: systemClock, newId, limits: defaultLimits }
await using context = createContext({ ...shared, sealer: await openSealer(store), memory: memoryWithoutFacts })

await fillUp()
const remembering = times()
const recalling = times()
let missed = 0
for (let index = before; index < before + count; index++) {
  const memory = await timed(remembering, () => context.memories.remember(caller, { scope, text: textOf(index) }))
  const { entries: hits } = await timed(recalling, () => recall(index))
  if (!hits.some((hit) => hit.id === memory.id)) missed += 1
}
await upkept()
const settled = times()
for (let index = before; index < before + count; index++) await timed(settled, () => recall(index))
console.log(
  `${engine}, ${before} statements there before, ${isConstant ? "constant embedding" : "MiniLM"}; ${missed} of ${count} not among the first 10`,
)
console.log("                                       p50     p99   (ms, wall)   own CPU")
row("remember", remembering)
row("recall right after it", recalling)
row("recall with nothing else going on", settled)

function recall(index: number): ReturnType<ContextServices["memories"]["recall"]> {
  return context.memories.recall(caller, { scopes: [scope], query: `what does person ${index} do?`, limit: 10, rerank: false }, signal)
}

/** Eight at a time. */
async function fillUp(): Promise<void> {
  const started = performance.now()
  let next = 0
  const write = async (): Promise<void> => {
    while (next < before) await context.memories.remember(caller, { scope, text: textOf(next++) })
  }
  await Promise.all(Array.from({ length: 8 }, write))
  await upkept()
  if (before > 0) console.log(`  (${before} statements written in ${((performance.now() - started) / 1_000).toFixed(0)} s)`)
  isFilling = false
  for (let index = 0; index < 10; index++) await recall(index)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}

/** Every entry has its vector. */
async function upkept(): Promise<void> {
  for (;;) {
    const [waiting] = await store.project(caller.projectId).query("select 1 as one from episodes where upkept_at is null limit 1")
    if (waiting === undefined) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function textOf(index: number): string {
  return `Person ${index} ${verbs[index % verbs.length]} ${things[index % things.length]} in town number ${index * 7}`
}

function constantVector(text: string): Float32Array {
  let state = 7
  for (let at = 0; at < text.length; at++) state = (Math.imul(state, 31) + text.charCodeAt(at)) | 0
  const vector = Float32Array.from({ length: 384 }, () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) / 2 ** 31)
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return vector.map((value) => value / length)
}

interface Times {
  wallMs: number[]
  cpuMs: number
}

function times(): Times {
  return { wallMs: [], cpuMs: 0 }
}

async function timed<T>(into: Times, work: () => Promise<T>): Promise<T> {
  const used = process.cpuUsage()
  const started = performance.now()
  const result = await work()
  into.wallMs.push(performance.now() - started)
  const { user, system } = process.cpuUsage(used)
  into.cpuMs += (user + system) / 1_000
  return result
}

function row(name: string, { wallMs, cpuMs }: Times): void {
  const sorted = wallMs.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1).padStart(6)
  console.log(`${name.padEnd(36)}${at(0.5)}  ${at(0.99)}                ${(cpuMs / Math.max(sorted.length, 1)).toFixed(1)}`)
}
