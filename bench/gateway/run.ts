// What the gateway costs: bare node:http proxy, Portkey's gateway and Perdure under the same load in one run; a table with goals and verdicts.
//   npm run bench -- gateway [--rounds 3] [--quick] [--only json-1k,slow] [--targets bare,portkey,perdure] [--lab folder] [--patience 0]
// --patience: seconds to wait, before each measurement, for others to leave the machine alone. Exit code 3: a goal was missed. README.md has the method and the figures.
import { mkdtempSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import { measureDuties } from "./duties.ts"
import { measure, type Bench } from "./load.ts"
import { cpuSeconds, preferOurs, untilQuiet, whatIsMissing } from "./machine.ts"
import { compile } from "./processes.ts"
import { startProvider, type Provider } from "./provider.ts"
import { report } from "./report.ts"
import { Results } from "./results.ts"
import { scenarios, type Figures, type Scenario } from "./scenarios.ts"
import { startBareProxy } from "./targets/bare-proxy.ts"
import { buildPublished } from "../../test/support/published.ts"
import { startTarget as startPerdure } from "./targets/perdure.ts"
import { installPortkey, startPortkey } from "./targets/portkey.ts"
import type { Target, TargetName } from "./targets/target.ts"

interface Contestant {
  name: TargetName
  start(): Promise<Target>
}

interface Options {
  rounds: number
  scale: number
  wanted: readonly Scenario[]
  withDuties: boolean
  targets: readonly string[]
  lab: string
  patienceSeconds: number
}

const warmUpSeconds = 2
/** Half seconds in which a target may come to rest after its start. */
const settleTriesMax = 20
/** Beside the scenarios. */
const dutiesName = "duties"

await main()

async function main(): Promise<void> {
  const options = readOptions()
  const missing = whatIsMissing()
  if (missing !== undefined) return console.log(`skipped: ${missing}`)
  preferOurs()
  const directory = mkdtempSync(join(tmpdir(), "gateway-bench-"))
  try {
    const load = compile("load", directory)
    await using provider = await startProvider(compile("upstream", directory))
    const results = new Results()
    const contestants = options.wanted.length > 0 ? contestantsOf(options, provider) : []
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const contestant of contestants) await runRound({ contestant, round, options, results, bench: { load, directory, provider } })
    }
    const { text, isMissed } = report(results, options.withDuties ? await measureDuties() : [])
    console.log(text)
    process.exitCode = isMissed ? 3 : 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      targets: { type: "string", default: "bare,portkey,perdure" },
      patience: { type: "string", default: "0" },
      lab: { type: "string", default: join(homedir(), ".cache", "perdure-bench") },
    },
  })
  const only = values.only?.split(",")
  const names = [...scenarios.map(({ name }) => name), dutiesName]
  const unknown = only?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`no scenario "${unknown}"; there are ${names.join(", ")}`)
  return {
    rounds: Number(values.rounds),
    scale: values.quick ? 0.4 : 1,
    wanted: scenarios.filter(({ name }) => only?.includes(name) ?? true),
    withDuties: only?.includes(dutiesName) ?? true,
    targets: values.targets.split(","),
    lab: values.lab,
    patienceSeconds: Number(values.patience),
  }
}

/** The provider itself comes first; Portkey only where it could be installed. */
function contestantsOf({ targets, lab }: Options, provider: Provider): Contestant[] {
  const direct: Target = { port: provider.port, pids: () => [], headers: {}, [Symbol.asyncDispose]: () => Promise.resolve() }
  const contestants: Contestant[] = [{ name: "direct", start: () => Promise.resolve(direct) }]
  if (targets.includes("bare")) contestants.push({ name: "bare proxy", start: () => startBareProxy(provider.port) })
  if (targets.includes("portkey")) {
    const reason = installPortkey(lab)
    if (reason === undefined) contestants.push({ name: "Portkey", start: () => startPortkey(lab, provider.port) })
    else console.log(`Portkey is not compared, it could not be installed: ${reason}`)
  }
  if (targets.includes("perdure")) {
    // The source runs too, but each of its threads then holds what takes the types out.
    buildPublished()
    contestants.push({ name: "Perdure", start: () => startPerdure(provider.port) })
  }
  return contestants
}

interface Round {
  contestant: Contestant
  round: number
  options: Options
  results: Results
  bench: Omit<Bench, "target">
}

async function runRound({ contestant, round, options, results, bench }: Round): Promise<void> {
  const { wanted, scale, patienceSeconds } = options
  const runAll = async (some: readonly Scenario[]): Promise<void> => {
    if (some.length === 0) return
    await using target = await contestant.start()
    await warmUp({ ...bench, target })
    for (const scenario of some) {
      await untilQuiet(patienceSeconds)
      const figures = await scenario.run({ ...bench, target }, scale)
      results.add(contestant.name, scenario.name, figures)
      console.error(`round ${round} ${contestant.name} · ${scenario.name}: ${progress(figures)}`)
    }
  }
  await runAll(wanted.filter(({ fresh }) => !fresh))
  if (round > 1) return
  for (const scenario of wanted.filter(({ fresh }) => fresh)) await runAll([scenario])
}

/** The same for all; what a target does by itself after its start is over before. `json-1k-warm` shows what more warmth gives. */
async function warmUp(bench: Bench): Promise<void> {
  const pids = bench.target.pids()
  if (pids.length === 0) return
  for (let tries = 0, cpu = cpuSeconds(pids); tries < settleTriesMax; tries += 1) {
    await delay(500)
    const before = cpu
    cpu = cpuSeconds(pids)
    if (cpu - before < 0.05) break
  }
  await measure(bench, { mode: "saturate", body: "chat1", options: { connections: 32, seconds: warmUpSeconds } })
}

function progress(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 2 : 0)}`)
    .join(", ")
}
