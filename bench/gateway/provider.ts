// The mock provider's process: how it answers, and what it has seen.
import { spawn } from "node:child_process"
import { setTimeout as delay } from "node:timers/promises"
import { freePort, onLoadCore, stop, untilAnswering } from "./processes.ts"

/** Milliseconds, but `chunks` and `pad`; upstream.c says what each does. */
export type Behaviour = Readonly<Partial<Record<"delay" | "first" | "interval" | "chunks" | "pad", number>>>

export interface Counts {
  requests: number
  /** Of streams, as written. */
  chunks: number
  bytes: number
  /** Calls that it is answering. */
  open: number
  /** Calls whose client left before their end. */
  left: number
  cpuSeconds: number
}

export interface Provider extends AsyncDisposable {
  port: number
  /** Sets how new requests are answered. */
  behave(behaviour: Behaviour): Promise<void>
  counts(): Promise<Counts>
  /** Until no call is open, for a while. */
  idle(): Promise<void>
}

const plain: Behaviour = { delay: 0, first: 20, interval: 20, chunks: 100, pad: 0 }

export async function startProvider(binary: string): Promise<Provider> {
  const port = await freePort()
  const child = spawn(...onLoadCore(binary, [String(port)]), { stdio: "ignore" })
  await untilAnswering("the mock provider", child, port)
  const ask = async (path: string): Promise<Counts> => (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as Counts
  const counts = (): Promise<Counts> => ask("/counts")
  return {
    port,
    behave: async (behaviour) => {
      const all = Object.entries({ ...plain, ...behaviour }).map(([name, value]) => `${name}=${value}`)
      await ask(`/behave?${all.join("&")}`)
    },
    counts,
    idle: async () => {
      for (let tries = 0; tries < 100 && (await counts()).open > 0; tries += 1) await delay(100)
    },
    [Symbol.asyncDispose]: () => stop(child),
  }
}
