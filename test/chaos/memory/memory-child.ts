// The process that is killed while it works on memory: it does what it is told, acknowledges it, and dies at the place that it is told.
import { once } from "node:events"
import { createContext, type ContextDependencies } from "../../../packages/server/src/context/index.ts"
import { defaultLimits, newId, systemClock } from "../../../packages/server/src/core/index.ts"
import { createRuns } from "../../../packages/server/src/runs/index.ts"
import { openSealer } from "../../../packages/server/src/security/index.ts"
import { openStore } from "../../../packages/server/src/store/index.ts"
import { wordVectors } from "../../../packages/server/src/testing/context-server.ts"
import { memoryForTests } from "../../../packages/server/src/testing/memory-settings.ts"
import { killPoints } from "./kill-points.ts"
import { extractionModel, summaryModel } from "./models.ts"
import { caller, type ChildSettings, type Deed, type Report } from "./protocol.ts"

function report(what: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(what, () => resolve()))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

process.on("disconnect", () => process.exit(1))
// Loaded, and on standby until its turn comes: the embedded database has one process at a time, and loading takes longer than dying.
const [{ location, crash, deeds, scopes, search, expected }] = (await once(process, "message")) as [ChildSettings]
// Deaths are what this is about: none of them makes a run wait for a person.
const limits = { ...defaultLimits, memoryUpkeepPollMs: 200, runAttemptsMax: 1_000_000 }
const points = killPoints(crash)
const opened = await openStore({ ...location, limits, testing: { fsync: false } })
const onError = (...what: unknown[]): void => void process.stderr.write(`${what.map(String).join(": ")}\n`)
const runs = createRuns({ store: opened, limits, clock: systemClock, newId, onError })
const memory: ContextDependencies["memory"] = {
  settings: { ...memoryForTests.settings, quietMs: 1, sessionGapMs: 500 },
  extractionModel,
  summaryModel,
}
const store = points.store(opened)
const context = createContext({
  store,
  runs: points.runs(runs),
  sealer: await openSealer(store),
  embedAs: () => wordVectors,
  embedModel: "words",
  memory,
  clock: systemClock,
  newId,
  limits,
  onError,
})

async function doIt(scope: string, deed: Deed): Promise<void> {
  switch (deed.type) {
    case "say": {
      const { type: _type, page, ...said } = deed
      const source = page === undefined ? {} : { source: { kind: "web" as const, uri: page } }
      await points.at("remember", () => context.memories.remember(caller, { scope, ...said, ...source }))
      return
    }
    case "keep":
      await context.scopes.update(caller, scope, { retentionDays: deed.days })
      return
    case "revoke":
      return revoke(scope, deed.page)
    case "erase":
      return erase(deed.subject)
  }
}

async function revoke(scope: string, page: string): Promise<void> {
  const sources = await context.memories.sources(caller, { scope, limit: 100 })
  const live = sources.find(({ uri, revokedAt }) => uri === page && revokedAt === null)
  if (live !== undefined) await points.at("revoke", () => context.memories.revoke(caller, live.id, null))
}

/** One that an earlier process began goes on here by itself. */
async function erase(subject: string): Promise<void> {
  for (;;) {
    const all = await context.erasures.list(caller.projectId, { limit: 1_000 })
    const own = all.filter(({ target }) => target.name === subject)
    if (own.some(({ status }) => status === "completed")) return
    if (!own.some(({ status }) => status === "in_progress")) {
      const target = { kind: "subject", name: subject } as const
      await context.erasures.start(caller, { target, dryRun: false }, AbortSignal.timeout(60_000))
    } else await pause(50)
  }
}

async function settled(scope: string): Promise<void> {
  for (;;) {
    const { isBehind, backlog, endedAt } = await context.upkeep.status(caller, scope)
    const isDone = !isBehind && backlog.toIndex + backlog.toExtract === 0 && endedAt !== null
    if (isDone && !(await isAtWork(scope))) return
    await pause(100)
  }
}

/** The status tells what waits for a run, not that one has taken it on. */
async function isAtWork(scope: string): Promise<boolean> {
  const text = "select 1 from runs where kind = 'memory' and title = $1 and status in ('queued', 'running', 'waiting')"
  return (await opened.system.query(text, [scope])).length > 0
}

const believedWithinMs = 60_000

/** What facts say when they say what they are to, or after a while. */
async function believedAtLast(scope: string): Promise<string[]> {
  for (const until = performance.now() + believedWithinMs; ;) {
    await settled(scope)
    const facts = await believed(scope)
    const isDone = expected[scope] === undefined || JSON.stringify(facts) === JSON.stringify(expected[scope])
    if (isDone || performance.now() > until) return facts
    await pause(500)
  }
}

/** What facts say now, page by page. */
async function believed(scope: string): Promise<string[]> {
  const texts: string[] = []
  for (let before: string | undefined; ;) {
    const page = await context.memories.list(caller, { scope, kinds: ["fact", "preference", "event"], before, limit: 100 })
    texts.push(...page.map(({ text }) => text ?? ""))
    before = page.at(-1)?.id
    if (page.length < 100) return texts.sort()
  }
}

async function unfound(): Promise<string[]> {
  const wrong: string[] = []
  for (const { scope, word } of search) {
    const query = { scopes: [scope], query: word, lanes: ["user" as const], limit: 100 }
    const { entries } = await context.memories.recall(caller, query, AbortSignal.timeout(60_000))
    const count = entries.filter(({ text }) => text?.includes(`${word} `)).length
    if (count !== 1 || !entries[0]?.text?.includes(`${word} `)) wrong.push(`${word} in ${scope}: ${count} times`)
  }
  return wrong
}

for (const { id, scope, deed } of deeds) {
  await doIt(scope, deed)
  await report({ type: "done", id })
}
const facts: Record<string, string[]> = {}
for (const scope of scopes) {
  facts[scope] = await believedAtLast(scope)
}
await report({ type: "settled", believed: facts, unfound: await unfound() })
// It waits for its end: a process that did not reach its place dies idle.
setInterval(() => undefined, 1_000)
