// Chunks that are made here, read by Node's own client.
import { createServer, get } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { expect, it } from "vitest"
import { chunkOf, lastChunks } from "./chunks.ts"

it.each(["", "data: [DONE]\n\n", "é"])("chunks of any size are read as what was written, with %j at the end", async (last) => {
  const sizes = [1, 0, 15, 16, 17, 255, 256, 4_095, 4_096, 16_384, 16_385, 70_000]
  const parts = sizes.flatMap((size) => ["x".repeat(size), "é".repeat(size), Buffer.alloc(size, "y")])
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.chunkedEncoding = false
    for (const part of parts) for (const piece of chunkOf(part)) response.write(piece)
    response.end(lastChunks(last))
  })
  server.listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  try {
    const { port } = server.address() as AddressInfo
    const read = new Promise<string>((resolve, reject) => {
      get({ port, host: "127.0.0.1" }, (answer) => void text(answer).then(resolve, reject)).on("error", reject)
    })
    expect(await read).toBe(parts.join("") + last)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
