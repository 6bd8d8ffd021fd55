// The process that is killed: a kernel on the given database that does what the suite tells it and acknowledges what it reads to the witness.
import { flushCompileCache } from "node:module"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { createRuns } from "../../packages/server/src/runs/index.ts"
import { userLabel } from "../../packages/server/src/security/index.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
import { project, type ChildSettings, type Command, type LoggedEvent, type Report } from "./protocol.ts"
import { scenarios } from "./scenarios.ts"
import { witnessClient } from "./witness.ts"

const settings = JSON.parse(process.argv[2] ?? "{}") as ChildSettings
const limits = { ...defaultLimits, runAttemptsMax: 1_000_000 }
const witness = witnessClient(settings.witnessUrl)
const label = userLabel("chaos")
const forever = new AbortController().signal

function report(message: Report): void {
  process.send?.(message)
}

// It never ends by itself, which is when Node would keep what it compiled for those that come after it.
flushCompileCache()
// Loaded, and on standby until its turn comes: the database has one process at a time, loading takes longer than dying.
await new Promise<void>((resolve) => process.once("message", () => resolve()))
const store = await openStore({ ...settings.location, limits, testing: { fsync: false } })
const runs = createRuns({
  store,
  clock: systemClock,
  newId,
  limits,
  onError: (what, error) => report({ type: "problem", text: `${what}: ${error instanceof Error ? error.message : String(error)}` }),
})
for (const scenario of scenarios) for (const definition of scenario.definitions(witness)) runs.define(definition)

const waiting: LoggedEvent[] = []
let sending = false

async function acknowledge(): Promise<void> {
  if (sending) return
  sending = true
  while (waiting.length > 0) await witness.acknowledge(settings.reader, waiting.splice(0))
  sending = false
}

async function follow(runId: string, after: number): Promise<void> {
  for await (const { seq, type, attempt } of runs.tail(project, runId, after, forever)) {
    waiting.push({ runId, seq, type, attempt })
    void acknowledge()
  }
}

async function look(runIds: readonly string[]): Promise<void> {
  const states = await store.system.query<Extract<Report, { type: "look" }>["states"][number]>(
    `select id, status, output, error, (select data->>'key' from run_events e where e.run_id = runs.id and e.type = 'run.in_doubt' order by seq desc limit 1) as doubt
     from runs where id = any ($1::text[]) or parent_id = any ($1::text[])`,
    [runIds],
  )
  const events = await store.system.query<LoggedEvent>(
    'select run_id as "runId", seq, type, attempt from run_events where run_id = any ($1::text[]) order by run_id, seq',
    [states.map((state) => state.id)],
  )
  report({ type: "look", states, events })
}

async function obey(command: Command): Promise<void> {
  switch (command.type) {
    case "open":
      return
    case "start":
      await runs.start(command.request)
      return report({ type: "started", runId: command.request.id ?? "" })
    case "signal":
      await runs.signal(project, command.runId, command.name, command.payload, label)
      return report({ type: "signalled", runId: command.runId, name: command.name })
    case "resolve":
      return void (await runs.resolveDoubt(project, command.runId, command.resolution))
    case "follow":
      return follow(command.runId, command.after)
    case "look":
      return look(command.runIds)
  }
}

process.on("message", (command: Command) => {
  obey(command).catch((error: unknown) =>
    report({ type: "problem", text: `${command.type}: ${error instanceof Error ? error.message : String(error)}` }),
  )
})
process.on("disconnect", () => process.exit(1))
report({ type: "ready" })
