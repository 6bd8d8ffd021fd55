// The person who decides about runs in doubt: asks the witness what happened, and sometimes gives the run up.
import type { Witness } from "../witness.ts"
import type { Chance } from "./chance.ts"
import type { StoredEvent, StoredRun } from "./events.ts"
import { sendJson, type Target } from "./wire.ts"

export interface NotifyInput {
  readonly ticket: string
  readonly call: string
}

export const givenUpReason = "nobody wants to know any more"

export class Doubts {
  /** Acknowledged decisions by run and step. */
  readonly decisions = new Map<string, { decision: string; call: string }>()
  readonly #chance: Chance
  readonly #witness: Witness

  constructor(chance: Chance, witness: Witness) {
    this.#chance = chance
    this.#witness = witness
  }

  /** Decides about every run that is in doubt now; throws when the server dies over it. */
  async resolve(server: Target): Promise<void> {
    const { runs } = await sendJson<{ runs: StoredRun[] }>(server, { method: "GET", path: "/v1/runs?status=in_doubt&limit=100" })
    for (const { id } of runs) await this.#resolveRun(server, id)
  }

  async #resolveRun(server: Target, runId: string): Promise<void> {
    const log = await eventsOf(server, runId)
    const key = log.findLast((event) => event.type === "run.in_doubt")?.data["key"] as string
    const intent = log.findLast((event) => event.type === "step.intended" && event.data["key"] === key)
    if (!intent) throw new Error(`${runId} is in doubt about ${key}, which its log does not intend`)
    const { ticket, call } = intent.data["input"] as NotifyInput
    const happened = this.#witness.count(ticket, call) > 0
    const body =
      this.#chance(`give up ${ticket} ${call}`) < 0.2
        ? { decision: "fail", reason: givenUpReason }
        : happened
          ? { decision: "done", result: { told: call } }
          : { decision: "again" }
    // Kept before it is sent: it may be carried out and its answer lost.
    this.decisions.set(`${runId} ${key}`, { decision: body.decision, call })
    await sendJson(server, { method: "POST", path: `/v1/runs/${runId}/resolve`, body })
  }
}

/** The whole log of a run. */
export async function eventsOf(server: Target, runId: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let after: number | null = 0; after !== null;) {
    const path = `/v1/runs/${runId}/events?limit=1000&after=${after}`
    const page: { events: StoredEvent[]; next: number | null } = await sendJson(server, { method: "GET", path })
    events.push(...page.events)
    after = page.next
  }
  return events
}
