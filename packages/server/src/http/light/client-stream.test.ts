// A client's stream after something else was answered in its place.
import { once } from "node:events"
import { createServer, get, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it } from "vitest"
import { ClientStream } from "./client-stream.ts"

it("adds nothing to an error that was told in its place while a frame was waited for", async () => {
  const faults: unknown[] = []
  const server = createServer((_, response) => {
    response.on("error", (fault) => faults.push(fault))
    const stream = new ClientStream({ response, headers: () => ({}), keepAliveMs: 1, now: () => performance.now() })
    response.writeHead(504, { "content-type": "application/json" }).end("{}")
    stream.write("data: late\n\n")
    stream.keepAlive(performance.now() + 60_000)
    stream.end("data: [DONE]\n\n", () => undefined)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const [answer] = (await once(get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" }), "response")) as [IncomingMessage]
  expect([answer.statusCode, (await answer.toArray()).join("")]).toEqual([504, "{}"])
  expect(faults).toEqual([])
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
