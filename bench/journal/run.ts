// The journal bench: workflows of five steps at 1, 32 and 256 in flight, ours and the peers' on one real Postgres, in interleaved rounds; one table, then the gates.
import { fork, spawnSync, type ChildProcess } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startTestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { serverCpuMs } from "./processes.ts"

interface Sample {
  stepsPerSecond: number
  cpuMsPerStep: number
}

interface Contestant {
  name: string
  /** Ours, a peer, or ours on the embedded store (which has no peer here). */
  side: "ours" | "peer" | "embedded"
  child: ChildProcess
  samples: Map<number, Sample[]>
}

const concurrencies = [1, 32, 256]
const rounds = Number(process.env["BENCH_ROUNDS"] ?? 3)
const sliceMs = Number(process.env["BENCH_SLICE_MS"] ?? 2_000)
const here = import.meta.dirname
const peers = join(here, "peers")

if (!existsSync(join(peers, "node_modules", "@dbos-inc"))) {
  const npm = spawnSync("npm", ["ci", "--no-workspaces"], { cwd: peers, stdio: ["ignore", "inherit", "inherit"] })
  if (npm.status !== 0) throw new Error(`the peers could not be installed; run \`npm ci --no-workspaces\` in bench/journal/peers`)
}

// A commit is a commit: the server syncs, as in production.
await using postgres = await startTestPostgres({ fsync: true, settings: { max_connections: "200", shared_buffers: "256MB" } })
const directory = mkdtempSync(join(tmpdir(), "perdure-bench-"))
const contestants: Contestant[] = []
try {
  await enter("Perdure, Postgres", "ours", join(here, "engine.ts"), [await postgres.createDatabase()])
  await enter("Perdure, PGlite", "embedded", join(here, "engine.ts"), [join(directory, "data")])
  await enter("DBOS 5.3.0", "peer", join(peers, "dbos.mjs"), [await postgres.createDatabase()])
  await enter("LangGraph 1.7.3 async", "peer", join(peers, "langgraph.mjs"), [await postgres.createDatabase(), "async"])
  await enter("LangGraph 1.7.3 sync", "peer", join(peers, "langgraph.mjs"), [await postgres.createDatabase(), "sync"])
  for (const concurrency of concurrencies) {
    for (const contestant of contestants) await measure(contestant, concurrency, Math.min(sliceMs, 500)) // warm-up
    for (let round = 0; round < rounds; round += 1) {
      for (const contestant of contestants) {
        const sample = await measure(contestant, concurrency, sliceMs)
        contestant.samples.set(concurrency, [...(contestant.samples.get(concurrency) ?? []), sample])
      }
    }
  }
  report()
} finally {
  for (const { child } of contestants) child.kill("SIGKILL")
  rmSync(directory, { recursive: true, force: true })
}

async function enter(name: string, side: Contestant["side"], script: string, args: string[]): Promise<void> {
  const child = fork(script, args, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  const contestant = { name, side, child, samples: new Map<number, Sample[]>() }
  contestants.push(contestant)
  await answer(contestant)
}

function answer({ name, child }: Contestant): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: Record<string, number> & { error?: string }): void => {
      child.off("exit", onExit)
      if (message.error === undefined) resolve(message)
      else reject(new Error(`${name}: ${message.error}`))
    }
    const onExit = (code: number | null): void => {
      child.off("message", onMessage)
      reject(new Error(`${name} ended with ${String(code)}`))
    }
    child.once("message", onMessage)
    child.once("exit", onExit)
  })
}

async function measure(contestant: Contestant, concurrency: number, ms: number): Promise<Sample> {
  const before = serverCpuMs(postgres.pid)
  contestant.child.send({ concurrency, ms })
  const { steps = 0, elapsedMs = 1, cpuMs = 0 } = await answer(contestant)
  const databaseMs = contestant.side === "embedded" ? 0 : serverCpuMs(postgres.pid) - before
  return { stepsPerSecond: (steps * 1_000) / elapsedMs, cpuMsPerStep: (cpuMs + databaseMs) / Math.max(1, steps) }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function figures(contestant: Contestant, concurrency: number): Sample {
  const samples = contestant.samples.get(concurrency) ?? []
  return {
    stepsPerSecond: median(samples.map((sample) => sample.stepsPerSecond)),
    cpuMsPerStep: median(samples.map((sample) => sample.cpuMsPerStep)),
  }
}

function report(): void {
  console.log(`\n5-step workflows; median of ${rounds} interleaved rounds of ${sliceMs} ms; CPU = application + all Postgres processes\n`)
  const head = concurrencies.flatMap((c) => [`steps/s @${c}`, `CPU ms/step @${c}`])
  console.log(`| engine | ${head.join(" | ")} |`)
  console.log(`|---|${head.map(() => "---:|").join("")}`)
  for (const contestant of contestants) {
    const cells = concurrencies.flatMap((c) => {
      const { stepsPerSecond, cpuMsPerStep } = figures(contestant, c)
      return [Math.round(stepsPerSecond).toLocaleString("en"), cpuMsPerStep.toFixed(3)]
    })
    console.log(`| ${contestant.name} | ${cells.join(" | ")} |`)
  }
  const gates = [ratioGate(32, 4), ratioGate(256, 10), cpuGate(32, 0.2)]
  console.log("")
  for (const gate of gates) console.log(`${gate.held ? "held  " : "MISSED"} ${gate.text}`)
  if (gates.some((gate) => !gate.held)) process.exitCode = 3
}

function ours(concurrency: number): Sample {
  const [one] = contestants.filter((contestant) => contestant.side === "ours")
  if (!one) throw new Error("our own engine did not take part")
  return figures(one, concurrency)
}

function ratioGate(concurrency: number, least: number): { held: boolean; text: string } {
  const best = Math.max(...contestants.filter(({ side }) => side === "peer").map((peer) => figures(peer, concurrency).stepsPerSecond))
  const ratio = ours(concurrency).stepsPerSecond / best
  return { held: ratio >= least, text: `steps/s at ${concurrency} in flight: ${ratio.toFixed(1)}× the best peer (at least ${least}×)` }
}

function cpuGate(concurrency: number, most: number): { held: boolean; text: string } {
  const best = Math.min(...contestants.filter(({ side }) => side === "peer").map((peer) => figures(peer, concurrency).cpuMsPerStep))
  const ratio = ours(concurrency).cpuMsPerStep / best
  return { held: ratio <= most, text: `CPU per step at ${concurrency} in flight: ${ratio.toFixed(3)} of the best peer (at most ${most})` }
}
