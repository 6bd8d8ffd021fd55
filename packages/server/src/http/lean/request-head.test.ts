// Heads that are read without node:http are read as node:http reads them; whatever is odd is not read at all.
import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import { connect, type AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { randomFrom } from "../../testing/random.ts"
import { readRequestHead } from "./request-head.ts"

const good = "POST /v1/hot?beta=true HTTP/1.1\r\nHost: localhost:1\r\ncontent-length: 5\r\nX-Mine:  a b \t\r\nEmpty:\r\n\r\nhello"
const read = (text: string): ReturnType<typeof readRequestHead> => readRequestHead(Buffer.from(text, "latin1"))

describe("reading a head", () => {
  it("gives the path, the length of the body and the headers in lower case, without the spaces around their values", () => {
    expect(read(good)).toEqual({
      url: "/v1/hot?beta=true",
      path: "/v1/hot",
      headers: { host: "localhost:1", "content-length": "5", "x-mine": "a b", empty: "" },
      bodyBytes: 5,
      closes: false,
      sizeBytes: good.length - 5,
    })
  })

  it("says whether the connection ends, in whatever case", () => {
    expect(read(withLine("Connection: Close"))?.closes).toBe(true)
    expect(read(withLine("Connection: Keep-Alive"))?.closes).toBe(false)
  })

  it("needs all of it", () => {
    const headBytes = good.length - 5
    for (let bytes = 0; bytes < headBytes; bytes += 1) expect(read(good.slice(0, bytes))).toBeUndefined()
    expect(read(good.slice(0, headBytes))).toBeDefined()
  })

  it.each([
    ["another method", good.replace("POST", "PUT")],
    ["a method in lower case", good.replace("POST", "post")],
    ["an older version", good.replace("HTTP/1.1", "HTTP/1.0")],
    ["a version that is not", good.replace("HTTP/1.1", "HTTP/1.10")],
    ["two spaces in the first line", good.replace("POST ", "POST  ")],
    ["a tab in the first line", good.replace("POST ", "POST\t")],
    ["the target as a whole address", good.replace("/v1/hot", "http://localhost/v1/hot")],
    ["a target of two paths", good.replace("/v1/hot", "/v1/hot /v1/other")],
    ["a byte in the target that is no ASCII", good.replace("/v1/hot", "/v1/h\xf6t")],
    ["an empty line before", `\r\n${good}`],
    ["line ends without a carriage return", good.replace(/\r\n/g, "\n")],
    ["one line end without a carriage return", good.replace("\r\nX-Mine", "\nX-Mine")],
    ["a carriage return within a value", withLine("A: b\rc")],
    ["a folded line", withLine("A: b\r\n c")],
    ["a space before the colon", withLine("A : b")],
    ["a space before the name", withLine(" A: b")],
    ["a line without a colon", withLine("A")],
    ["an empty name", withLine(": b")],
    ["a zero byte", withLine("A: b\0c")],
    ["a byte that is no ASCII", withLine("A: b\xe9")],
    ["a delete", withLine("A: b\x7f")],
    ["a brace in a name", withLine("A{: b")],
    ["two hosts", withLine("Host: other")],
    ["no host", good.replace("Host: localhost:1\r\n", "")],
    ["two lengths", withLine("Content-Length: 5")],
    ["two lengths that differ", withLine("Content-Length: 6")],
    ["a name that came before, in another case", withLine("x-mIne: 2")],
    ["a length and chunks", withLine("Transfer-Encoding: chunked")],
    ["chunks", good.replace("content-length: 5", "transfer-encoding: chunked")],
    ["no length", good.replace("content-length: 5\r\n", "")],
    ["nothing for a length", good.replace("length: 5", "length:")],
    ["a length with a sign", good.replace("length: 5", "length: +5")],
    ["a length below nothing", good.replace("length: 5", "length: -5")],
    ["a length that is not whole", good.replace("length: 5", "length: 5.0")],
    ["a length in hexadecimal digits", good.replace("length: 5", "length: 0x5")],
    ["a length with a nought before it", good.replace("length: 5", "length: 05")],
    ["two lengths in one line", good.replace("length: 5", "length: 5, 5")],
    ["a length in two parts", good.replace("length: 5", "length: 1 0")],
    ["a length beyond what is exact", good.replace("length: 5", "length: 99999999999999999999")],
    ["no body", good.replace("length: 5", "length: 0")],
    ["an expectation", withLine("Expect: 100-continue")],
    ["an upgrade", withLine("Upgrade: websocket")],
    ["a connection header with more in it", withLine("Connection: keep-alive, upgrade")],
    ["trailers", withLine("Trailer: x")],
    ["a name that objects have", withLine("__proto__: x")],
    ["another name that objects have", withLine("constructor: x")],
    ["more than the limit", withLine(`A: ${"a".repeat(9_000)}`)],
  ])("does not read %s", (_, text) => {
    expect(read(good)).toBeDefined()
    expect(read(text)).toBeUndefined()
  })
})

describe("beside node:http", () => {
  it("reads ten thousand random heads as node does, or not at all", async () => {
    const random = randomFrom(7)
    const texts: string[] = []
    for (let count = 0; count < 10_000; count += 1) texts.push(randomHead(random))
    const ours = texts.map((text) => ({ text, head: read(text) })).filter(({ head }) => head !== undefined)
    // Both kinds must be among them for the comparison to say something.
    expect(ours.length).toBeGreaterThan(1_000)
    expect(ours.length).toBeLessThan(9_000)
    const theirs = await readByNode(ours.map(({ text }) => text))
    expect(theirs).toEqual(ours.map(({ head }) => ({ url: head?.url, headers: head?.headers, body: "b".repeat(head?.bodyBytes ?? 0) })))
  })
})

/** All on one connection, one behind the other: a head that node reads differently would change what comes after it. */
async function readByNode(texts: readonly string[]): Promise<object[]> {
  const requests: object[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let body = ""
    request.on("data", (bytes: Buffer) => (body += bytes.toString("latin1")))
    request.on("end", () => {
      requests.push({ url: request.url, headers: { ...request.headers }, body })
      response.end()
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const socket = connect(port, "127.0.0.1")
  socket.resume()
  for (const text of texts) socket.write(text.replace(/^connection: close/im, "connection: keep-alive"), "latin1")
  await expect.poll(() => requests.length === texts.length || socket.destroyed, { timeout: 60_000, interval: 20 }).toBe(true)
  socket.destroy()
  server.closeAllConnections()
  server.close()
  return requests
}

/** Mostly right, with what is odd here and there; never one that ends its connection. */
function randomHead(random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const rarely = (odd: string, usual: string): string => (random() < 0.01 ? odd : usual)
  const bodyBytes = 1 + Math.floor(random() * 20)
  const lines = [
    `${pick(["Host", "host", "HOST"])}:${pick([" ", "", "\t ", "  "])}${pick(["a", "127.0.0.1:80", "[::1]:1"])}`,
    `content-length: ${rarely("0", "")}${bodyBytes}${pick(["", "", " ", "\t"])}`,
  ]
  for (let count = Math.floor(random() * 12); count > 0; count -= 1) {
    const name = pick([
      "X-A",
      "x-b",
      "Accept",
      "user-agent",
      "Cookie",
      "X_c",
      "a!#$%&'*+-.^`|~9",
      "authorization",
      "x-d",
      "Via",
      "Keep",
      "e",
    ])
    const value = pick(["", "a", "a, b", " padded ", "\ttab\tin\t", '"quoted: yes"', "x".repeat(200), "=;,/?:@&+$", "  ", "a\u00e9"])
    lines.push(`${name}${rarely(" ", "")}:${pick(["", " ", "\t"])}${value}`)
  }
  for (let at = lines.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1))
    const here = lines[at] ?? ""
    lines[at] = lines[other] ?? ""
    lines[other] = here
  }
  const target = pick(["/v1/hot", "/v1/hot?a=b&c=%20", "/", "/a//b/../c", "/v1/hot?"])
  const lineEnd = (): string => rarely("\n", "\r\n")
  return `POST ${target} HTTP/1.1${lineEnd()}${lines.map((line) => line + lineEnd()).join("")}\r\n${"b".repeat(bodyBytes)}`
}

function withLine(line: string): string {
  return good.replace("\r\n\r\n", `\r\n${line}\r\n\r\n`)
}
