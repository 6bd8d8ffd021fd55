// The head of an answer as text, as node:http writes it: the same names, the same order, the same refusal of what would break it.
import { STATUS_CODES } from "node:http"
import type { AnswerHeaders } from "../hot-exchange.ts"

export interface AnswerHead {
  text: string
  chunked: boolean
  /** The connection ends after this answer. */
  closes: boolean
  /** Nothing may follow the head. */
  isBare: boolean
}

export interface HeadOptions {
  /** The client wants the connection to end. */
  closes: boolean
  /** What the client is told of how long an idle connection is kept. */
  keptSeconds: number
}

const nameOfHeader = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Nothing that could begin another line. */
const refusedInValue = /[^\t\x20-\x7e\x80-\xff]/
const isClose = /(?:^|\W)close(?:$|\W)/i

export function answerHead(status: number, headers: AnswerHeaders, { closes: wantsClose, keptSeconds }: HeadOptions): AnswerHead {
  let text = statusLine(status)
  let lengthKnown = false
  let connection: string | undefined
  let dated = false
  for (const name in headers) {
    const value = checkedValue(name, headers[name])
    const lower = knownName(name)
    if (lower === "content-length") lengthKnown = true
    else if (lower === "connection") connection = value
    else if (lower === "date") dated = true
    text += `${name}: ${value}\r\n`
  }
  const isBare = status === 204 || status === 304
  const closes = connection === undefined ? wantsClose : isClose.test(connection)
  const chunked = !lengthKnown && !isBare
  if (!dated) text += dateLine()
  if (connection === undefined)
    text += closes ? "Connection: close\r\n" : `Connection: keep-alive\r\nKeep-Alive: timeout=${keptSeconds}\r\n`
  return { text: chunked ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`, chunked, closes, isBare }
}

/** Each with its line end. */
export function trailerLines(trailers: Readonly<Record<string, string>>): string {
  let lines = ""
  for (const name in trailers) {
    knownName(name)
    lines += `${name}: ${checkedValue(name, trailers[name])}\r\n`
  }
  return lines
}

function statusLine(status: number): string {
  return status === 200 ? "HTTP/1.1 200 OK\r\n" : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "unknown"}\r\n`
}

function checkedValue(name: string, value: string | number | undefined): string {
  if (value === undefined) throw new TypeError(`the header "${name}" has no value`)
  const text = typeof value === "string" ? value : String(value)
  if (refusedInValue.test(text)) throw new TypeError(`the header "${name}" has a character that no header may have`)
  return text
}

/** In lower case, by the name as it is written; only good ones are kept. */
const knownNames = new Map<string, string>()
const namesMax = 500
/** Frames of answers are made here. */
const refusedNames: ReadonlySet<string> = new Set(["transfer-encoding", "keep-alive"])

function knownName(name: string): string {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (!nameOfHeader.test(name) || refusedNames.has(lower)) throw new TypeError(`no answer may have a header "${name}"`)
  if (knownNames.size < namesMax) knownNames.set(name, lower)
  return lower
}

let dateOfSecond = 0
let lineOfSecond = ""

function dateLine(): string {
  const now = Date.now()
  const second = now - (now % 1_000)
  if (second !== dateOfSecond) {
    dateOfSecond = second
    lineOfSecond = `Date: ${new Date(second).toUTCString()}\r\n`
  }
  return lineOfSecond
}
