// A thousand readers that do not read: the gateway stops taking from upstream, its memory stays bounded, and the next thousand find it free.
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { connect, type AddressInfo, type Socket } from "node:net"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { expect, it } from "vitest"
import { startPerdure, temporaryDirectory } from "../support/server.ts"

const frame = `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "x".repeat(3_900) }, finish_reason: null }] })}\n\n`
/** Per reader: the buffers of two sockets, one read from upstream, what waits to be written. */
const heldBytesPerReaderMax = 256 * 1024
/** What a process of this size moves by itself. */
const noiseBytes = 48 * 1024 * 1024
/** What V8 and the allocator keep of a heap that was once needed is theirs; only what grows from round to round is lost. */
const rounds = 3

// The kernel's buffers take up to 3 MB of a local connection: only the second case gives more than they hold, so only there must the
// gateway stop reading; the first shows what a thousand open streams cost.
it.each([
  { readers: 1_000, streamBytes: 1024 * 1024 },
  { readers: 150, streamBytes: 8 * 1024 * 1024 },
])(
  "holds little for $readers readers that do not read $streamBytes bytes, and no more when as many come again",
  async ({ readers, streamBytes }) => {
    await using directory = await temporaryDirectory()
    await using upstream = await startFlood(streamBytes)
    const config = join(directory.path, "perdure.yaml")
    await writeFile(
      config,
      `discovery: false\nproviders:\n  flood: { baseUrl: "${upstream.url}" }\nmodels:\n  m: { deployments: [{ provider: flood, model: m }] }\n`,
    )
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    const open = (count: number): Promise<Socket[]> =>
      Promise.all(Array.from({ length: count }, () => openReader(server.url, server.apiKey)))

    // What the process grows to by having served at all does not count.
    await leave(await open(100), upstream)
    // Nor does what compiling the database takes at a start: it is given back some seconds later.
    await settled(() => Math.round(residentBytes(server.pid) / noiseBytes), 20)
    const floorBytes = residentBytes(server.pid)
    const afterwards: number[] = []
    for (let round = 0; round < rounds; round++) {
      const sockets = await open(readers)
      await expect.poll(() => upstream.open(), { timeout: 120_000 }).toBe(readers)
      await settled(() => upstream.sentBytes())
      const peakBytes = residentBytes(server.pid) - floorBytes
      expect(peakBytes).toBeLessThan(readers * heldBytesPerReaderMax + noiseBytes)
      await leave(sockets, upstream)
      // Memory is given back when the collector runs, and it runs when there is work.
      await leave(await open(100), upstream)
      afterwards.push(residentBytes(server.pid) - floorBytes)
      process.stderr.write(`grown by ${megabytes(peakBytes)} MB with ${readers} readers, ${megabytes(afterwards[round])} MB afterwards\n`)
    }
    expect(Math.min(...afterwards.slice(1))).toBeLessThan((afterwards[0] ?? 0) + noiseBytes)
  },
)

/** A provider that writes so much as fast as it is read, and then stays open. */
async function startFlood(streamBytes: number) {
  let sentBytes = 0
  let open = 0
  const server = createServer((request, response) => {
    request.resume()
    open += 1
    response.on("close", () => (open -= 1))
    response.writeHead(200, { "content-type": "text/event-stream" })
    let own = 0
    const pump = (): void => {
      while (own < streamBytes && !response.destroyed) {
        own += frame.length
        sentBytes += frame.length
        if (!response.write(frame)) return void response.once("drain", pump)
      }
    }
    pump()
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve))
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  }
  const { port } = server.address() as AddressInfo // listening on TCP
  return { url: `http://127.0.0.1:${port}/v1`, open: () => open, sentBytes: () => sentBytes, [Symbol.asyncDispose]: close }
}

/** Asks, and reads nothing but the first bytes. */
function openReader(url: string, key: string): Promise<Socket> {
  const body = JSON.stringify({ model: "m", stream: true, messages: [] })
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(head + body))
    socket.on("error", reject)
    socket.once("data", () => {
      socket.pause()
      resolve(socket)
    })
  })
}

/** The readers leave, and upstream sees it. */
async function leave(sockets: readonly Socket[], upstream: { open(): number }): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => upstream.open(), { timeout: 60_000 }).toBe(0)
}

/** Until the number stays the same for a while. */
async function settled(read: () => number, times = 5): Promise<void> {
  for (let last = -1, same = 0; same < times; await delay(300)) {
    const now = read()
    same = now === last ? same + 1 : 0
    last = now
  }
}

/** Memory of its own: pages of files come and go as the kernel likes. */
function residentBytes(pid: number): number {
  return Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024
}

function megabytes(bytes = 0): number {
  return Math.round(bytes / 1024 / 1024)
}
