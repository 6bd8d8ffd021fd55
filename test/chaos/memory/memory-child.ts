// The process that is killed while it works on memory: it remembers what it is told, acknowledges it, and dies at the step that it is told.
import { createContext, type ContextDependencies } from "../../../packages/server/src/context/index.ts"
import { defaultLimits, newId, systemClock } from "../../../packages/server/src/core/index.ts"
import { createRuns, type RunContext, type RunDefinition, type Runs } from "../../../packages/server/src/runs/index.ts"
import { openSealer } from "../../../packages/server/src/security/index.ts"
import { openStore } from "../../../packages/server/src/store/index.ts"
import { wordVectors } from "../../../packages/server/src/testing/context-server.ts"
import { memoryForTests } from "../../../packages/server/src/testing/memory-settings.ts"
import { caller, scope, type ChildSettings, type Phase, type Report } from "./protocol.ts"

const { dataDirectory, crash, says } = JSON.parse(process.argv[2] ?? "{}") as ChildSettings // written by the suite
let occurrence = 0

/** Dies when this is the place where it shall; SIGKILL leaves no time for anything. */
function passing(step: string, phase: Phase): void {
  if (crash === null || crash.phase !== phase || step.split(":")[0] !== crash.step) return
  occurrence += 1
  if (occurrence === crash.occurrence) process.kill(process.pid, "SIGKILL")
}

/** Every step passes three places: before it, when its work is done but not committed, and when it is committed. */
function watched(context: RunContext): RunContext {
  return {
    ...context,
    step: async (key, work, options) => {
      passing(key, "before")
      const output = await context.step(
        key,
        async (step) => {
          const done = await work(step)
          passing(key, "uncommitted")
          return done
        },
        options,
      )
      passing(key, "committed")
      return output
    },
  }
}

function watchedRuns(runs: Runs): Runs {
  const define = (definition: RunDefinition): void =>
    runs.define({ ...definition, execute: (context, input) => definition.execute(watched(context), input) })
  return new Proxy(runs, {
    get(kernel, name): unknown {
      if (name === "define") return define
      const member: unknown = Reflect.get(kernel, name)
      return typeof member === "function" ? (member.bind(kernel) as unknown) : member
    },
  })
}

function report(what: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(what, () => resolve()))
}

/** What facts say now, page by page. */
async function believed(): Promise<string[]> {
  const texts: string[] = []
  for (let before: string | undefined; ;) {
    const page = await context.memories.list(caller, { scope, kinds: ["fact", "preference", "event"], before, limit: 100 })
    texts.push(...page.map(({ text }) => text ?? ""))
    before = page.at(-1)?.id
    if (page.length < 100) return texts.sort()
  }
}

// Deaths are what this is about: none of them makes a run wait for a person.
const limits = { ...defaultLimits, memoryUpkeepPollMs: 200 }
const store = await openStore({ dataDirectory, limits, testing: { fsync: false } })
const runs = createRuns({ store, limits, clock: systemClock, newId, onError: (...what) => process.stderr.write(`${what.join(": ")}\n`) })
const memory: ContextDependencies["memory"] = { ...memoryForTests, settings: { ...memoryForTests.settings, quietMs: 1, sessionGapMs: 500 } }
const context = createContext({
  store,
  runs: watchedRuns(runs),
  sealer: await openSealer(store),
  embedAs: () => wordVectors,
  embedModel: "words",
  memory,
  clock: systemClock,
  newId,
  limits,
})

for (const { text, session, occurredAt } of says) {
  passing("remember", "before")
  await context.memories.remember(caller, { scope, text, session, occurredAt })
  passing("remember", "uncommitted")
  await report({ type: "remembered", text })
  passing("remember", "committed")
}
for (;;) {
  const { isBehind, backlog, endedAt } = await context.upkeep.status(caller, scope)
  if (!isBehind && backlog.toIndex + backlog.toExtract === 0 && endedAt !== null) break
  await new Promise((resolve) => setTimeout(resolve, 20))
}
await report({ type: "settled", believed: await believed() })
// It waits for its end: a process that did not reach its place dies idle.
setInterval(() => undefined, 1_000)
