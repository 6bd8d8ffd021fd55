// The yardstick: the plainest proxy that node:http makes, with pipes both ways and a keep-alive agent; no keys, no records, nothing read.
import { Agent, createServer, request } from "node:http"

const upstream = new URL(process.env["UPSTREAM"] ?? "http://127.0.0.1:9000")
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4096, scheduling: "lifo" })
const ofTheConnection = new Set(["connection", "keep-alive", "transfer-encoding", "host"])

function passedOn(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofTheConnection.has(name)))
}

const server = createServer((incoming, outgoing) => {
  const { url: path, method, headers } = incoming
  const call = request({ agent, host: upstream.hostname, port: upstream.port, path, method, headers: passedOn(headers) }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, passedOn(answer.headers))
    answer.pipe(outgoing)
  })
  call.on("error", () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()))
  outgoing.on("close", () => outgoing.writableFinished || call.destroy())
  incoming.pipe(call)
})
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
)
