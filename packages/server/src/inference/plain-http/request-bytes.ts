// A request as the bytes that go out: its head, with the length of its body, and its body.
import { errors, type Dispatcher } from "undici"

/** Up to here head and body go out in one piece; beyond, the copy costs more than the second part of a system call. */
const onePieceBytesMax = 32 * 1024

const name = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const value = /^[\t\x20-\x7e\x80-\xff]*$/
const target = /^\/[\x21-\x7e\x80-\xff]*$/
/** Of the connection, not of a request. */
const refused = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "expect", "te", "trailer"])

type Request = Pick<Dispatcher.DispatchOptions, "method" | "path" | "headers" | "body">

/** Throws where the head would not be one head. */
export function requestBytes({ method, path, headers, body }: Request, host: string): readonly Buffer[] {
  if (!target.test(path)) throw new errors.InvalidArgumentError("invalid request path")
  const start = `${method} ${path} HTTP/1.1\r\n${linesOf((headers ?? {}) as HeaderFields, host)}content-length: `
  if (typeof body === "string") return withText(start, body)
  if (body instanceof Uint8Array) return withBytes(start, body)
  if (isPieces(body))
    return [
      headBytes(
        start,
        body.reduce((sum, { length }) => sum + length, 0),
      ),
      ...body,
    ]
  throw new errors.InvalidArgumentError("a request of this kind carries text or bytes")
}

type HeaderFields = Readonly<Record<string, string>>

/** By the object: all calls of a deployment carry the same, which is frozen. One that is made for a call would stay here longer than the call. */
const known = new WeakMap<HeaderFields, { host: string; lines: string }>()

function linesOf(headers: HeaderFields, host: string): string {
  const before = known.get(headers)
  if (before?.host === host) return before.lines
  const lines = makeLines(headers, host)
  if (Object.isFrozen(headers)) known.set(headers, { host, lines })
  return lines
}

function makeLines(headers: HeaderFields, host: string): string {
  let lines = "connection: keep-alive\r\n"
  let hasHost = false
  for (const [key, text] of Object.entries(headers)) {
    const lower = key.toLowerCase()
    if (lower === "content-length") continue // it is counted here
    if (!name.test(key) || refused.has(lower) || !value.test(text)) throw new errors.InvalidArgumentError(`invalid ${lower} header`)
    hasHost ||= lower === "host"
    lines += `${key}: ${text}\r\n`
  }
  return hasHost ? lines : `host: ${host}\r\n${lines}`
}

function withText(start: string, body: string): readonly Buffer[] {
  const sizeBytes = Buffer.byteLength(body)
  const head = `${start}${sizeBytes}\r\n\r\n`
  const all = Buffer.allocUnsafe(head.length + sizeBytes)
  all.write(head, "latin1")
  all.write(body, head.length, "utf8")
  return [all]
}

function withBytes(start: string, body: Uint8Array): readonly Buffer[] {
  if (body.length > onePieceBytesMax) {
    return [headBytes(start, body.length), Buffer.from(body.buffer, body.byteOffset, body.byteLength)]
  }
  const head = `${start}${body.length}\r\n\r\n`
  const all = Buffer.allocUnsafe(head.length + body.length)
  all.write(head, "latin1")
  all.set(body, head.length)
  return [all]
}

function headBytes(start: string, sizeBytes: number): Buffer {
  return Buffer.from(`${start}${sizeBytes}\r\n\r\n`, "latin1")
}

function isPieces(body: unknown): body is readonly Buffer[] {
  return Array.isArray(body)
}
