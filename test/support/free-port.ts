// A port that stays free until it is used: below the range from which the system gives ports to outgoing connections.
import { randomInt } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:net"

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 30_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true))
    })
    if (!isFree) continue
    probe.close()
    await once(probe, "close")
    return port
  }
}
