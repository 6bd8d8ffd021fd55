// The book-keeping of the chaos suite: which runs there are, what was acknowledged, what must be true after each life and at the end.
import { newId, type JsonValue } from "../../packages/server/src/core/index.ts"
import { userLabel } from "../../packages/server/src/security/index.ts"
import type { StartRun } from "../../packages/server/src/runs/index.ts"
import { Life } from "./life.ts"
import { project, type ChildSettings, type Report } from "./protocol.ts"
import { scenarios } from "./scenarios.ts"
import type { Witness } from "./witness.ts"

interface Entry {
  request: StartRun
  expected: JsonValue
  acknowledged: boolean
  signals: { name: string; payload: JsonValue; acknowledged: boolean }[]
  ended: boolean
}

type Look = NonNullable<Awaited<ReturnType<Life["look"]>>>

export class Suite {
  readonly random: () => number
  readonly problems: string[] = []
  readonly #witness: Witness
  readonly #settings: Omit<ChildSettings, "reader">
  readonly #entries = new Map<string, Entry>()
  readonly notes = { kills: 0, runs: 0, doubts: 0, childProblems: [] as string[] }

  constructor(seed: number, witness: Witness, location: ChildSettings["location"]) {
    this.random = mulberry32(seed)
    this.#witness = witness
    this.#settings = { location, witnessUrl: witness.url }
  }

  spawn(reader: string): Life {
    return new Life({ ...this.#settings, reader }, (report) => this.#hear(report))
  }

  get open(): string[] {
    return [...this.#entries].filter(([, entry]) => !entry.ended).map(([id]) => id)
  }

  /** Starts up to `count` new runs; their ids are made here, so that a start whose answer was lost is repeated. */
  addRuns(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const scenario = scenarios[Math.floor(this.random() * scenarios.length)]
      if (!scenario) throw new Error("no scenario")
      const { signals, ...rest } = scenario.request(this.random)
      const request: StartRun = { ...rest, id: newId("run"), projectId: project, principal: "chaos", label: userLabel("chaos") }
      const entry = {
        request,
        expected: scenario.expected(rest.input),
        acknowledged: false,
        ended: false,
        signals: signals.map((signal) => ({ ...signal, acknowledged: false })),
      }
      this.#entries.set(request.id ?? "", entry)
      this.notes.runs += 1
    }
  }

  /** What a new process is told: follow what is open from where the reader was, repeat what was not acknowledged. */
  brief(life: Life, reader: string): void {
    for (const id of this.open) {
      const entry = this.#entries.get(id)
      if (!entry) continue
      if (!entry.acknowledged) life.tell({ type: "start", request: entry.request })
      else this.#accompany(life, reader, id, entry)
    }
  }

  #accompany(life: Life, reader: string, id: string, entry: Entry): void {
    if (!life.followed.has(id)) life.tell({ type: "follow", runId: id, after: this.#witness.lastSeq(reader, id) })
    life.followed.add(id)
    for (const signal of entry.signals)
      if (!signal.acknowledged) life.tell({ type: "signal", runId: id, name: signal.name, payload: signal.payload })
  }

  /** A started run is followed by whoever is there. */
  readonly #newlyStarted: string[] = []
  attend(life: Life, reader: string): void {
    for (const id of this.#newlyStarted.splice(0)) {
      const entry = this.#entries.get(id)
      if (entry) this.#accompany(life, reader, id, entry)
    }
  }

  /** Checks the logs that a process reads against what was acknowledged; decides about runs in doubt as a person who asks the witness. */
  async inspect(life: Life): Promise<boolean> {
    const open = this.open
    if (open.length === 0) return true
    // What is acknowledged while the process looks may be newer than what it saw.
    const acknowledgedBefore = this.#witness.events.size
    const look = await life.look(open)
    if (!look) return false
    this.#checkLogs(look, acknowledgedBefore)
    for (const state of look.states) {
      if (state.status === "in_doubt" && state.doubt !== null) this.#decide(life, state.id, state.doubt)
      if (["failed", "cancelled", "incomplete", "needs_migration", "poisoned"].includes(state.status)) {
        this.problems.push(`run ${state.id} is ${state.status}: ${JSON.stringify(state.error)}`)
      }
      const entry = this.#entries.get(state.id)
      if (!entry || state.status !== "completed" || !this.#witness.ended.has(state.id)) continue
      entry.ended = true
      if (JSON.stringify(state.output) !== JSON.stringify(entry.expected)) {
        this.problems.push(`run ${state.id} gave ${JSON.stringify(state.output)}, not ${JSON.stringify(entry.expected)}`)
      }
    }
    return true
  }

  #decide(life: Life, runId: string, key: string): void {
    this.notes.doubts += 1
    const resolution =
      this.#witness.count(runId, key) > 0 ? ({ decision: "done", result: { done: key } } as const) : ({ decision: "again" } as const)
    life.tell({ type: "resolve", runId, resolution })
  }

  #checkLogs(look: Look, acknowledgedBefore: number): void {
    const there = new Map(look.events.map((event) => [`${event.runId}/${event.seq}`, `${event.type} ${event.attempt}`]))
    const last = new Map<string, number>()
    for (const { runId, seq, type } of look.events) {
      if (seq !== (last.get(runId) ?? 0) + 1) this.problems.push(`the log of ${runId} has event ${seq} after ${last.get(runId) ?? 0}`)
      if ((seq === 1) !== (type === "run.started")) this.problems.push(`event ${seq} of ${runId} is ${type}`)
      last.set(runId, seq)
    }
    const ids = new Set(look.states.map((state) => state.id))
    for (const [id, what] of [...this.#witness.events].slice(0, acknowledgedBefore)) {
      if (ids.has(id.slice(0, id.indexOf("/"))) && there.get(id) !== what)
        this.problems.push(`acknowledged event ${id} (${what}) is ${there.get(id) ?? "gone"}`)
    }
  }

  /** No effect that must not be repeated was; every one that must have happened did. */
  checkEffects(rows: readonly { run: string; key: string; count: number }[]): void {
    const counts = new Map<string, { effect: string; count: number }>()
    for (const { run, key, effect, idempotencyKey } of this.#witness.effects) {
      if (idempotencyKey !== `${run}:${key}`) this.problems.push(`effect ${run} ${key} had the key ${idempotencyKey}`)
      const id = `${run} ${key}`
      counts.set(id, { effect, count: (counts.get(id)?.count ?? 0) + 1 })
    }
    for (const [id, { effect, count }] of counts) {
      if ((effect === "once" || effect === "verify") && count !== 1) this.problems.push(`${effect} ${id} happened ${count} times`)
    }
    for (const row of rows) if (row.count !== 1) this.problems.push(`transactional ${row.run} ${row.key} happened ${row.count} times`)
  }

  #hear(report: Report): void {
    if (report.type === "started") {
      const entry = this.#entries.get(report.runId)
      if (entry && !entry.acknowledged) {
        entry.acknowledged = true
        this.#newlyStarted.push(report.runId)
      }
    }
    if (report.type === "signalled") {
      const signal = this.#entries.get(report.runId)?.signals.find((one) => one.name === report.name)
      if (signal) signal.acknowledged = true
    }
    // A doubt that another process decided, a signal to a run that ended: expected; anything else is shown at the end.
    if (report.type === "problem" && !/not in_doubt|takes no more signals/.test(report.text)) this.notes.childProblems.push(report.text)
  }
}

/** A small random source whose seed can be printed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
