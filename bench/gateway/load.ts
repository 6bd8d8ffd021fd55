// Runs the load client against one target, and reads CPU around it.
import { execFile } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { requestText, type BodyName } from "./bodies.ts"
import { busySeconds, cpuSeconds, residentMb } from "./machine.ts"
import { onLoadCore } from "./processes.ts"
import type { Behaviour, Provider } from "./provider.ts"
import type { Target } from "./targets/target.ts"

/** What load.c prints; times in milliseconds, -1 without samples. */
export interface Load {
  completed: number
  perSecond: number
  failed: number
  broken: number
  incomplete: number
  bytesRead: number
  latency: Percentiles
  firstToken: Percentiles
  chunkDelay: Percentiles
  chunksPerSecond: number
  chunksInTimePerSecond: number
  cpuSeconds: number
  firstError: string
}

interface Percentiles {
  count: number
  p50: number
  p99: number
}

export interface Measured extends Load {
  /** Undefined where nothing was counted, or the target has no process. */
  cpuUsPerRequest: number | undefined
  cpuUsPerChunk: number | undefined
  residentMb: number
  /** Failed and broken calls, incomplete streams. */
  wrong: number
  /** Cores that others on the machine took meanwhile. */
  othersCores: number
}

export type LoadMode = "saturate" | "rate" | "stream" | "slow" | "leave"

export interface LoadOptions {
  behaviour?: Behaviour
  body: BodyName
  mode: LoadMode
  /** Of load.c: `connections`, `seconds`, `warm`, … */
  options: Readonly<Record<string, number>>
}

export interface Bench {
  /** The compiled load client. */
  load: string
  directory: string
  provider: Provider
  target: Target
}

/** CPU is read around the whole load, warm-up included, and divided by all that the provider saw in it. */
export async function measure(bench: Bench, given: LoadOptions): Promise<Measured> {
  const { provider, target } = bench
  await provider.idle()
  await provider.behave(given.behaviour ?? {})
  const pids = target.pids()
  const before = { counts: await provider.counts(), cpu: cpuSeconds(pids), busy: busySeconds(), at: performance.now() }
  const result = await runLoad(bench, given)
  const cpu = cpuSeconds(pids) - before.cpu
  const counts = await provider.counts()
  if (result.firstError !== "") console.error(`  the load client says: ${result.firstError.slice(0, 120)}`)
  const seconds = (performance.now() - before.at) / 1_000
  const ours = cpu + result.cpuSeconds + counts.cpuSeconds - before.counts.cpuSeconds
  const per = (count: number): number | undefined => (pids.length > 0 && count > 0 ? (cpu / count) * 1e6 : undefined)
  return {
    ...result,
    cpuUsPerRequest: per(counts.requests - before.counts.requests),
    cpuUsPerChunk: per(counts.chunks - before.counts.chunks),
    residentMb: residentMb(target.pids()),
    wrong: result.failed + result.broken + result.incomplete,
    othersCores: Math.max(0, busySeconds() - before.busy - ours) / seconds,
  }
}

/** How many of the clients that leave the provider hears of. */
export async function countLeft(bench: Bench, given: LoadOptions): Promise<number> {
  const { provider } = bench
  await provider.idle()
  await provider.behave(given.behaviour ?? {})
  const before = await provider.counts()
  await runLoad(bench, given)
  await delay(500)
  return (await provider.counts()).left - before.left
}

async function runLoad({ load, directory, target }: Bench, { mode, body, options }: LoadOptions): Promise<Load> {
  const request = join(directory, "request")
  writeFileSync(request, requestText(target, body))
  const named = Object.entries({ port: target.port, ...options }).map(([name, value]) => `${name}=${value}`)
  const { stdout } = await promisify(execFile)(...onLoadCore(load, [mode, `request=${request}`, ...named]), {
    timeout: 120_000,
  })
  return JSON.parse(stdout) as Load
}
