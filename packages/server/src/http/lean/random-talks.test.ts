// Clients that send requests of all kinds behind one another, cut anywhere: each gets its own answers, all of them, in their order.
import { expect, it } from "vitest"
import { randomFrom } from "../../testing/random.ts"
import { testKey } from "../../testing/gateway.ts"
import type { HotCall } from "../shell.ts"
import { forNode, hotPath, openPort, Peer, requestText } from "../../testing/both-ways-port.ts"

type Random = () => number
const below = (random: Random, end: number): number => Math.floor(random() * end)

/** A request, and what of it is to be found in the answer. */
type Kind = (name: string, random: Random) => { text: string; answer: string }

const kinds: readonly Kind[] = [
  (name) => ({ text: requestText({ body: name }), answer: `ok ${name}` }),
  (name) => ({ text: requestText({ body: `stream ${name}` }), answer: `ok stream ${name}` }),
  (name, random) => ({ text: requestText({ body: `${name}${"x".repeat(below(random, 200_000))}` }), answer: `ok ${name}` }),
  (name) => ({
    text: requestText({ path: `${hotPath}?a=b`, body: name, headers: { "x-padding": "y".repeat(500) } }),
    answer: `ok ${name}`,
  }),
  (name) => ({ text: requestText({ body: name, headers: forNode }), answer: `ok ${name}` }),
  (name) => ({
    text: `POST ${hotPath} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\nTransfer-Encoding: chunked\r\n\r\n${name.length.toString(16)}\r\n${name}\r\n0\r\n\r\n`,
    answer: `ok ${name}`,
  }),
  (name) => ({
    text: `GET /v1/plain?name=${encodeURIComponent(name)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${testKey}\r\n\r\n`,
    answer: "\r\n\r\nplain",
  }),
]
/** Those that are read here come more often, so that connections stay here for a while. */
const weighted = [0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 6]

it("answers two hundred random talks", async () => {
  const random = randomFrom(11)
  await using port = await openPort({}, (call, body) => answer(random, call, body))
  for (let talk = 0; talk < 200; talk += 1) {
    const asked = Array.from({ length: 1 + below(random, 10) }, (_, at) =>
      (kinds[weighted[below(random, weighted.length)] ?? 0] as Kind)(`<${talk}.${at}>`, random),
    )
    using peer = new Peer(port.port)
    for (const piece of cut(random, asked.map(({ text }) => text).join(""))) {
      peer.send(piece)
      if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve))
    }
    await peer.until(/ok (?:stream )?<\d+\.\d+>|\r\n\r\nplain/, asked.length)
    expect(peer.text.match(/ok (?:stream )?<\d+\.\d+>|\r\n\r\nplain/g)).toEqual(asked.map((each) => each.answer))
    // What leaves earlier is rightly told to have left.
    await peer.until(/the end/, asked.filter((each) => each.answer.startsWith("ok stream")).length)
  }
  // Both readers had their part, within the same talks too.
  const lean = port.seen.filter(({ isLean }) => isLean).length
  expect(Math.min(lean, port.seen.length - lean)).toBeGreaterThan(50)
  await expect.poll(() => [port.server.inFlight, port.closed.length]).toEqual([0, port.seen.length])
  expect(port.closed.every(({ isFinished }) => isFinished)).toBe(true)
})

it("lets go of everything of clients that leave at random", async () => {
  const random = randomFrom(12)
  const port = await openPort({ drainMs: 600_000 }, (call, body) => (random() < 0.3 ? undefined : answer(random, call, body)))
  const leaving = ["destroy", "resetAndDestroy", "end"] as const
  for (let talk = 0; talk < 200; talk += 1) {
    const asked = Array.from({ length: 1 + below(random, 4) }, () => (kinds[below(random, kinds.length)] as Kind)("<left>", random).text)
    const peer = new Peer(port.port)
    const text = asked.join("")
    for (const piece of cut(random, text.slice(0, 1 + below(random, text.length)))) {
      peer.send(piece)
      if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve))
    }
    if (random() < 0.5) await new Promise((resolve) => setTimeout(resolve, below(random, 4)))
    peer.socket[leaving[below(random, leaving.length)] ?? "end"]()
  }
  await expect.poll(() => [port.server.inFlight, port.closed.length === port.opened()], { timeout: 20_000 }).toEqual([0, true])
  // Nothing keeps it: no connection, no answer.
  await port.server.close()
  expect(port.seen.length).toBeGreaterThan(20)
})

/** At once, later, or in pieces with time between them. */
function answer(random: Random, { response }: HotCall, body: string): void {
  const text = `ok ${body.slice(0, 30)}`
  const length = { "content-length": Buffer.byteLength(text) }
  if (!body.startsWith("stream")) {
    const say = (): unknown => response.writeHead(200, { "content-type": "text/plain", ...length }).end(text)
    return void (random() < 0.5 ? say() : setImmediate(say))
  }
  response.writeHead(200, { "content-type": "text/plain" })
  response.write(text)
  setImmediate(() => {
    response.write("more")
    response.end("the end")
  })
}

function cut(random: Random, text: string): string[] {
  const places = Array.from({ length: below(random, 12) }, () => below(random, text.length)).toSorted((a, b) => a - b)
  return [0, ...places].map((from, at) => text.slice(from, places[at] ?? text.length)).filter((piece) => piece !== "")
}
