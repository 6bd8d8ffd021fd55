// The head of a request that we serve without node:http: read so strictly that no other reader could take it for something else. Undefined: unusual.
import type { IncomingHttpHeaders } from "node:http"
import { fieldNames, fieldValue } from "../../core/index.ts"

export interface RequestHead {
  url: string
  /** Without the query. */
  path: string
  headers: IncomingHttpHeaders
  bodyBytes: number
  /** The connection ends after the answer. */
  closes: boolean
  /** Of the head itself, with the blank line. */
  sizeBytes: number
}

/** Half of what node:http takes. */
const sizeBytesMax = 8 * 1024
const blankLine = Buffer.from("\r\n\r\n")
const start = "POST "
const capitalP = 80

/** Names without spaces, no folded lines, no line ends of another kind, printable ASCII alone. */
const wellFormed = /^POST \/[\w\-./]*(?:\?[\w\-.~%&=+,:/]*)? HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*\r\n)+$/
const length = /^[1-9]\d{0,11}$/

/**
 * All of the head must be there. Unusual is also what is right but not simple: a name that came twice, a body in chunks, a wish for
 * another protocol or for an interim answer.
 */
export function readRequestHead(bytes: Buffer): RequestHead | undefined {
  if (bytes[0] !== capitalP) return undefined
  const end = bytes.indexOf(blankLine)
  if (end < 0 || end + blankLine.length > sizeBytesMax) return undefined
  const text = bytes.toString("latin1", 0, end + 2)
  if (!wellFormed.test(text)) return undefined
  const firstLineEnd = text.indexOf("\r\n")
  const headers = readFields(text, firstLineEnd + 2)
  if (headers === undefined) return undefined
  const { host, connection, "content-length": bodyBytes } = headers
  if (host === undefined || bodyBytes === undefined || !length.test(bodyBytes)) return undefined
  const closes = connection !== undefined && connection !== "keep-alive" && connection.toLowerCase() !== "keep-alive"
  if (closes && connection.toLowerCase() !== "close") return undefined
  const url = text.slice(start.length, text.indexOf(" ", start.length))
  return { url, path: pathOf(url), headers, bodyBytes: Number(bodyBytes), closes, sizeBytes: end + blankLine.length }
}

/** Of a target that is a whole address, as clients send it that take the server for a proxy: its host, which stands for the header, and what is behind it. */
export function wholeAddress(target: string): { host: string; url: string } | undefined {
  const { host, rest } = /^https?:\/\/(?<host>[^/?#@]+)(?<rest>[/?].*)?$/i.exec(target)?.groups ?? {}
  if (host === undefined) return undefined
  return { host, url: rest?.startsWith("/") === true ? rest : `/${rest ?? ""}` }
}

/** Without the query: Anthropic's clients add `?beta=true`. */
export function pathOf(url: string): string {
  const end = url.indexOf("?")
  return end < 0 ? url : url.slice(0, end)
}

const lowerCased = fieldNames()

/** The text is well formed from `from` on. */
function readFields(text: string, from: number): IncomingHttpHeaders | undefined {
  const fields: Record<string, string> = {}
  for (let at = from; at < text.length;) {
    const colon = text.indexOf(":", at)
    const end = text.indexOf("\r\n", colon)
    const name = lowerCased(text.slice(at, colon))
    // Whatever an object has of itself counts as a name that came before.
    if (fields[name] !== undefined || notForUs.has(name)) return undefined
    fields[name] = fieldValue(text, colon + 1, end)
    at = end + 2
  }
  return fields
}

/** They change how the connection is read, or who answers. */
const notForUs: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "upgrade",
  "expect",
  "trailer",
  "te",
  "keep-alive",
  "proxy-connection",
  "http2-settings",
])
