// The outside witness: a server in a process that is never killed. It counts side effects without any unique constraint, and takes the
// acknowledgements of readers, which must be dense whatever happens to the process that sends them.
import { createServer, request, type IncomingMessage, type Server } from "node:http"
import { once } from "node:events"
import type { LoggedEvent } from "./protocol.ts"

export interface EffectRecord {
  run: string
  key: string
  effect: string
  idempotencyKey: string
}

export class Witness {
  readonly effects: EffectRecord[] = []
  /** For each reader and run: the last acknowledged seq. */
  readonly acknowledged = new Map<string, number>()
  /** Every event that some reader acknowledged, as `run/seq` → type and attempt. */
  readonly events = new Map<string, string>()
  readonly ended = new Map<string, number>()
  readonly problems: string[] = []
  readonly #server: Server
  url = ""

  constructor() {
    this.#server = createServer((incoming, response) => {
      void this.#answer(incoming)
        .then((body) => response.end(JSON.stringify(body)))
        .catch((error: unknown) => this.problems.push(String(error)))
    })
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1")
    await once(this.#server, "listening")
    const address = this.#server.address()
    if (typeof address === "object" && address) this.url = `http://127.0.0.1:${address.port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  lastSeq(reader: string, runId: string): number {
    return this.acknowledged.get(`${reader} ${runId}`) ?? 0
  }

  count(run: string, key: string): number {
    return this.effects.filter((effect) => effect.run === run && effect.key === key).length
  }

  async #answer(incoming: IncomingMessage): Promise<unknown> {
    let text = ""
    for await (const chunk of incoming) text += String(chunk)
    const body = JSON.parse(text) as unknown
    if (incoming.url === "/effect") {
      this.effects.push(body as EffectRecord)
      return {}
    }
    if (incoming.url === "/happened") {
      const { run, key } = body as EffectRecord
      return { happened: this.count(run, key) > 0 }
    }
    const { reader, events } = body as { reader: string; events: LoggedEvent[] }
    for (const event of events) this.#acknowledge(reader, event)
    return {}
  }

  #acknowledge(reader: string, { runId, seq, type, attempt }: LoggedEvent): void {
    const last = this.lastSeq(reader, runId)
    if (seq !== last + 1) this.problems.push(`reader ${reader} of ${runId} got event ${seq} after ${last}`)
    this.acknowledged.set(`${reader} ${runId}`, seq)
    const known = this.events.get(`${runId}/${seq}`)
    const now = `${type} ${attempt}`
    if (known !== undefined && known !== now) this.problems.push(`event ${runId}/${seq} was ${known} and is ${now}`)
    this.events.set(`${runId}/${seq}`, now)
    if (type === "run.ended") this.ended.set(runId, seq)
  }
}

export interface WitnessClient {
  effect(record: EffectRecord): Promise<void>
  happened(run: string, key: string): Promise<boolean>
  acknowledge(reader: string, events: readonly LoggedEvent[]): Promise<void>
}

export function witnessClient(url: string): WitnessClient {
  const post = (path: string, body: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const outgoing = request(`${url}${path}`, { method: "POST" }, (response) => {
        let text = ""
        response.on("data", (chunk) => (text += String(chunk)))
        response.on("end", () => resolve(JSON.parse(text)))
        response.on("error", reject)
      })
      outgoing.on("error", reject)
      outgoing.end(JSON.stringify(body))
    })
  return {
    effect: async (record) => void (await post("/effect", record)),
    happened: async (run, key) => ((await post("/happened", { run, key })) as { happened: boolean }).happened,
    acknowledge: async (reader, events) => void (await post("/acknowledge", { reader, events })),
  }
}
