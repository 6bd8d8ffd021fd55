// Kills the process at every step of the work on memory, and checks that no episode is lost, no fact is half derived, and nothing is there twice.
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { openStore } from "../../packages/server/src/store/index.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { problemsOf } from "./memory/checks.ts"
import { temporaryDirectory } from "../support/server.ts"
import { type ChildSettings, type Crash, type Phase, type Report } from "./memory/protocol.ts"
import { believedAfter, messagesOf } from "./memory/story.ts"
import { chanceOf } from "./responses/chance.ts"

const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
/** In CI one at each step; 200 is the whole suite. */
const kills = Number(process.env["CHAOS_MEMORY_KILLS"] ?? 14)

const steps = [
  "remember",
  "look",
  "facts",
  "embed",
  "index",
  "sessions",
  "ended",
  "digest",
  "quiet",
  "touched",
  "pages",
  "consolidated",
  "expire",
  "close",
]
const phases: readonly Phase[] = ["before", "uncommitted", "committed"]

describe(`memory under chaos with CHAOS_SEED=${seed} CHAOS_MEMORY_KILLS=${kills}`, () => {
  const cleanUps = new AsyncDisposableStack()
  afterEach(() => cleanUps.disposeAsync())

  it(`loses, halves and doubles nothing over ${kills} kills at its steps`, async () => {
    const directory = cleanUps.use(await temporaryDirectory())
    const dataDirectory = join(directory.path, "data")
    const chance = chanceOf(seed)
    const acknowledged: string[] = []
    const reached = new Map<string, number>()
    for (let kill = 0; kill < kills; kill += 1) {
      const crash: Crash = {
        step: steps[kill % steps.length] ?? "",
        phase: phases[Math.floor(chance(`phase ${kill}`) * phases.length)] ?? "before",
        occurrence: 1 + Math.floor(chance(`occurrence ${kill}`) * 2),
      }
      const { died } = await live({ dataDirectory, crash, says: unsaid(messagesOf(kill), acknowledged) }, acknowledged)
      const place = died === "at its step" ? `${crash.step} ${crash.phase}` : "idle"
      reached.set(place, (reached.get(place) ?? 0) + 1)
    }
    const rest = Array.from({ length: kills }, (_, life) => messagesOf(life)).flat()
    const last = await live({ dataDirectory, crash: null, says: unsaid(rest, acknowledged) }, acknowledged)

    await using store = await openStore({ dataDirectory, limits: defaultLimits, testing: { fsync: false } })
    process.stderr.write(`CHAOS_SEED=${seed}: ${kills} kills, at ${[...reached].map(([place, count]) => `${place} ${count}`).join(", ")}\n`)
    expect(await problemsOf(store.system, rest.length)).toEqual([])
    expect([...reached.keys()].filter((place) => place !== "idle").length).toBeGreaterThan(Math.min(kills, steps.length) / 2)
    expect(last.believed).toEqual(believedAfter(kills))
  })

  function unsaid(says: ReturnType<typeof messagesOf>, acknowledged: readonly string[]): ReturnType<typeof messagesOf> {
    return says.filter(({ text }) => !acknowledged.includes(text))
  }

  /** One process from its start to its death. */
  async function live(settings: ChildSettings, acknowledged: string[]): Promise<{ died: "at its step" | "idle"; believed: string[] }> {
    const child: ChildProcess = fork(join(import.meta.dirname, "memory", "memory-child.ts"), [JSON.stringify(settings)], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "perdure-chaos-cache") },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    })
    const exited = once(child, "exit")
    let believed: string[] | undefined
    child.on("message", (report: Report) => {
      if (report.type === "remembered") acknowledged.push(report.text)
      else {
        believed = report.believed
        child.kill("SIGKILL")
      }
    })
    const [code, signal] = (await exited) as [number | null, string | null]
    if (signal !== "SIGKILL") throw new Error(`a process ended by itself with ${code ?? signal}`)
    return { died: believed === undefined ? "at its step" : "idle", believed: believed ?? [] }
  }
})
