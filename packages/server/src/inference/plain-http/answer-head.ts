// The head of an HTTP/1.1 answer: read strictly, since what two readers could read differently would let one answer pass for two.
import type { IncomingHttpHeaders } from "node:http"
import { errors } from "undici"
import { fieldNames, fieldValue } from "../../core/index.ts"

/** By their names in lower case; a name that came several times has several values. */
type Fields = Readonly<Record<string, string | string[] | undefined>>

/** How the end of a body is known. */
export type Framing = { kind: "length"; bytes: number } | { kind: "chunked" } | { kind: "close" }

export interface AnswerHead {
  status: number
  headers: IncomingHttpHeaders
  framing: Framing
  /** How long the connection may be kept; 0 when it may not, undefined where nothing is said of it. */
  keptMs: number | undefined
}

/** Names without spaces, no folded lines, no line ends of another kind, nothing that is no text. */
const wellFormed = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/
const noBody: Framing = { kind: "length", bytes: 0 }

/** `text`: from the status line to the line end of the last header. */
export function readHead(text: string): AnswerHead {
  if (!wellFormed.test(text)) throw malformed("a malformed head")
  const status = Number(text.slice(9, 12))
  const fields = readFields(text)
  const isOld = text[7] === "0"
  // Names that Node knows with one value may have several: undici gives the same.
  const headers = fields as IncomingHttpHeaders
  return { status, headers, framing: status < 200 ? noBody : framingOf(status, fields, isOld), keptMs: keptMsOf(fields, isOld) }
}

export function malformed(what: string): Error {
  return new errors.HTTPParserError(`the answer is not HTTP/1.1: ${what}`)
}

const lowerCased = fieldNames()

function readFields(text: string): Fields {
  const fields: Record<string, string | string[]> = {}
  for (let from = text.indexOf("\r\n") + 2; from < text.length;) {
    const colon = text.indexOf(":", from)
    const end = text.indexOf("\r\n", colon)
    const name = lowerCased(text.slice(from, colon))
    const value = fieldValue(text, colon + 1, end)
    const before = fields[name]
    fields[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
    from = end + 2
  }
  return fields
}

function framingOf(status: number, fields: Fields, isOld: boolean): Framing {
  const coding = fields["transfer-encoding"]
  const length = fields["content-length"]
  if (status === 204 || status === 304) return noBody
  if (coding !== undefined) {
    if (length !== undefined || isOld) throw malformed("two lengths")
    if (Array.isArray(coding) || coding.toLowerCase() !== "chunked") throw malformed("an unknown transfer coding")
    return { kind: "chunked" }
  }
  if (length === undefined) return { kind: "close" }
  if (Array.isArray(length) || !/^\d{1,15}$/.test(length)) throw malformed("no readable length")
  return { kind: "length", bytes: Number(length) }
}

/** A server closes when it says; we go before it does, as its end and our next request could cross. */
const goneBeforeMs = 2_000

function keptMsOf(fields: Fields, isOld: boolean): number | undefined {
  const connection = String(fields["connection"] ?? "")
  if (/\bclose\b/i.test(connection) || (isOld && !/\bkeep-alive\b/i.test(connection))) return 0
  const seconds = /\btimeout=(\d{1,6})/i.exec(String(fields["keep-alive"] ?? ""))?.[1]
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - goneBeforeMs)
}
