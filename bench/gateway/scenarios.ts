// What is done to each target, and which figures come out of it.
import { setTimeout as delay } from "node:timers/promises"
import { countLeft, measure, type Bench, type Measured } from "./load.ts"
import { residentMb } from "./machine.ts"
import type { BodyName } from "./bodies.ts"

export type Figure =
  | "perSecond"
  | "cpuUsPerRequest"
  | "cpuUsPerChunk"
  | "p50"
  | "p99"
  | "firstP50"
  | "chunkP99"
  | "chunksPerSecond"
  | "chunksInTimePerSecond"
  | "residentMb"
  | "grownMb"
  | "leftMidStream"
  | "leftBeforeFirst"
  | "leftPending"
  | "wrong"
  | "othersCores"

export type Figures = Partial<Record<Figure, number>>

export interface Scenario {
  name: string
  /** On a process that has just been started, and once in all rounds: what an earlier scenario left behind would be counted. */
  fresh?: true
  /** `scale` shortens the windows of quick runs. */
  run(bench: Bench, scale: number): Promise<Figures>
}

export const scenarios: readonly Scenario[] = [
  saturate("json-1k", "chat1", 64, 4),
  saturate("json-20k", "chat20", 32, 3),
  saturate("json-200k", "chat200", 16, 3),
  saturate("embeddings", "embedding", 32, 3),
  arrive("rate-200", 200, 512),
  arrive("rate-1000", 1_000, 2_048),
  stream("streams-100", { connections: 100, ramp: 200, warm: 1.5, seconds: 3 }, { first: 20, interval: 20, chunks: 100 }),
  stream("streams-max", { connections: 1_000, ramp: 600, warm: 3, seconds: 4 }, { first: 20, interval: 20, chunks: 100 }),
  stream("streams-2000", { connections: 2_000, ramp: 800, warm: 4, seconds: 4 }, { first: 50, interval: 200, chunks: 40 }),
  saturate("json-1k-warm", "chat1", 64, 4),
  { name: "slow", fresh: true, run: readSlowly },
  { name: "leave", fresh: true, run: leave },
]

/** Closed loop: a connection sends again as soon as it has its answer. */
function saturate(name: string, body: BodyName, connections: number, seconds: number): Scenario {
  const run = async (bench: Bench, scale: number): Promise<Figures> => {
    const options = { connections, warm: scale, seconds: seconds * scale }
    return figuresOf(await measure(bench, { mode: "saturate", body, options }), "json")
  }
  return { name, run }
}

/** Open loop: arrivals do not wait for answers, and latency counts from the moment a request was due. */
function arrive(name: string, rate: number, connections: number): Scenario {
  const run = async (bench: Bench, scale: number): Promise<Figures> => {
    const options = { connections, rate, warm: scale, seconds: 5 * scale }
    return figuresOf(await measure(bench, { mode: "rate", body: "chat1", behaviour: { delay: 20 }, options }), "json")
  }
  return { name, run }
}

type StreamBehaviour = Readonly<{ first: number; interval: number; chunks: number }>

/** A stream lasts seconds, so quick runs do not shorten it. */
function stream(name: string, load: Readonly<Record<string, number>>, behaviour: StreamBehaviour): Scenario {
  const run = async (bench: Bench): Promise<Figures> => {
    const options = { ...load, chunks: behaviour.chunks }
    return figuresOf(await measure(bench, { mode: "stream", body: "stream", behaviour, options }), "stream")
  }
  return { name, run }
}

/** Two hundred readers of 10 KB/s each, while the provider gives 16 KB chunks as fast as they are taken. */
async function readSlowly(bench: Bench): Promise<Figures> {
  const pids = bench.target.pids()
  if (pids.length === 0) return {}
  const before = residentMb(pids)
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, residentMb(pids))), 100)
  const behaviour = { first: 1, interval: 0, chunks: 4_000, pad: 16_384 }
  const options = { connections: 200, ramp: 1_000, bytes: 1_024, seconds: 5 }
  const { othersCores } = await measure(bench, { mode: "slow", body: "stream", behaviour, options })
  clearInterval(watch)
  await delay(500) // two hundred calls end
  return { grownMb: peak - before, othersCores }
}

/** Fifty clients leave: in the middle of a stream, before its first token, while a JSON answer is pending. */
async function leave(bench: Bench): Promise<Figures> {
  if (bench.target.pids().length === 0) return {}
  const options = { connections: 50 }
  const midStream = { first: 5, interval: 50, chunks: 200 }
  return {
    leftMidStream: await countLeft(bench, { mode: "leave", body: "stream", behaviour: midStream, options: { ...options, wait: 3_000 } }),
    leftBeforeFirst: await countLeft(bench, {
      mode: "leave",
      body: "stream",
      behaviour: { first: 5_000 },
      options: { ...options, wait: 400 },
    }),
    leftPending: await countLeft(bench, { mode: "leave", body: "chat1", behaviour: { delay: 5_000 }, options: { ...options, wait: 400 } }),
  }
}

/** Figures without samples are left out. */
function figuresOf(measured: Measured, kind: "json" | "stream"): Figures {
  const { perSecond, chunksPerSecond, chunksInTimePerSecond, cpuUsPerRequest, cpuUsPerChunk, latency, firstToken, chunkDelay } = measured
  const { residentMb, wrong, othersCores } = measured
  const json = { perSecond, cpuUsPerRequest, p50: latency.p50, p99: latency.p99 }
  const stream = { chunksPerSecond, chunksInTimePerSecond, cpuUsPerChunk, firstP50: firstToken.p50, chunkP99: chunkDelay.p99 }
  const figures = { ...(kind === "json" ? json : stream), residentMb, wrong, othersCores }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined && value >= 0))
}
