// How values cross the wire of Postgres: both engines bind and read through these functions, so that they answer alike.
import type { SqlValue } from "./port.ts"

/** What a driver sends: text, bytes (binary format) or null. */
export type WireValue = string | Uint8Array | null

/** The wire form of one bound value. */
export function bindValue(value: SqlValue): WireValue {
  if (value === null || value === undefined) return null
  if (typeof value === "string") return value
  if (value instanceof Uint8Array) return value
  if (typeof value === "object") return arrayText(value)
  return scalarText(value)
}

/** Gives the JavaScript value of a column, by the type's object id; unknown types stay text. Asked once for each column of an answer. */
export function parserOf(typeId: number): (text: string) => unknown {
  return scalarParsers.get(typeId) ?? arrayParsers.get(typeId) ?? asText
}

function asText(text: string): string {
  return text
}

function scalarText(value: boolean | number | bigint | string): string {
  return typeof value === "boolean" ? (value ? "t" : "f") : String(value)
}

/** Columns of batches have few different values, and often the same one many times in a row: its text is made once. */
function arrayText(values: Extract<SqlValue, readonly unknown[]>): string {
  let text = "{"
  let last: unknown = values
  let lastText = ""
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (value !== last) {
      last = value
      lastText = elementText(value)
    }
    text += at === 0 ? lastText : `,${lastText}`
  }
  return `${text}}`
}

function elementText(value: Extract<SqlValue, readonly unknown[]>[number] | undefined): string {
  if (value === null || value === undefined) return "NULL"
  if (typeof value === "string") return quoteElement(value)
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}"`
  return scalarText(value)
}

function quoteElement(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`
}

/** Types by object id, as in `pg_type`. */
const scalarParsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [16, (text) => text === "t"],
  [17, parseBytes],
  [20, parseInteger],
  [21, Number],
  [23, Number],
  [26, Number],
  [114, JSON.parse],
  [700, Number],
  [701, Number],
  [1114, (text) => parseTime(`${text}+00`)],
  [1184, parseTime],
  [1700, Number],
  [3802, JSON.parse],
])

/** Array type → element type. */
const elementTypes: ReadonlyMap<number, number> = new Map([
  [1000, 16],
  [1001, 17],
  [1016, 20],
  [1005, 21],
  [1007, 23],
  [1028, 26],
  [1009, 25],
  [1015, 1043],
  [1002, 1042],
  [1003, 19],
  [199, 114],
  [1021, 700],
  [1022, 701],
  [1115, 1114],
  [1185, 1184],
  [1182, 1082],
  [1231, 1700],
  [2951, 2950],
  [3807, 3802],
])

/** Most are flat and without nulls. */
function parseNumbers(text: string): unknown[] {
  if (text === "{}") return []
  return /^\{[^{}N]+\}$/.test(text) ? text.slice(1, -1).split(",").map(Number) : parseArray(text, Number)
}

const arrayParsers: ReadonlyMap<number, (text: string) => unknown> = new Map(
  Array.from(elementTypes, ([typeId, elementType]) => {
    const parseElement = scalarParsers.get(elementType) ?? asText
    if (parseElement === Number) return [typeId, parseNumbers]
    return [typeId, (text: string): unknown => (text === "{}" ? [] : parseArray(text, parseElement))]
  }),
)

function parseInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`The integer ${text} is beyond what a number holds exactly (2^53)`)
  return value
}

function parseBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), "hex"))
}

/** Epoch milliseconds of `2026-11-25 02:36:08.123456+00`, any offset; infinities stay infinite. */
function parseTime(text: string): number {
  return isPlainUtc(text) ? plainUtc(text) : anyTime(text)
}

/** As nearly every time comes: four digits of a year, and in UTC. A row has several, and a pattern takes ten times as long. */
function isPlainUtc(text: string): boolean {
  return text.length >= 22 && text[4] === "-" && text[10] === " " && text.endsWith("+00") && (text[19] === "." || text.length === 22)
}

function plainUtc(text: string): number {
  const digit = (at: number): number => text.charCodeAt(at) - 48
  const two = (at: number): number => digit(at) * 10 + digit(at + 1)
  const end = text.length - 3
  const milliseconds = (end > 20 ? digit(20) * 100 : 0) + (end > 21 ? digit(21) * 10 : 0) + (end > 22 ? digit(22) : 0)
  return Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8), two(11), two(14), two(17), milliseconds)
}

function anyTime(text: string): number {
  if (text === "infinity") return Infinity
  if (text === "-infinity") return -Infinity
  const match = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?( BC)?$/.exec(text)
  if (match === null || match[12] !== undefined) throw new RangeError(`The time "${text}" cannot be read`)
  const part = (index: number): number => Number(match[index] ?? 0)
  const milliseconds = Math.floor(Number((match[7] ?? "0").padEnd(6, "0")) / 1000)
  const offsetMs = (part(9) * 3_600 + part(10) * 60 + part(11)) * 1_000 * (match[8] === "-" ? -1 : 1)
  return Date.UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6), milliseconds) - offsetMs
}

/** Reads an array literal of any depth: `{1,NULL,"a \"b\"",{2}}`. */
function parseArray(text: string, parseElement: (text: string) => unknown): unknown[] {
  let position = text.startsWith("[") ? text.indexOf("{") : 0
  const readList = (): unknown[] => {
    const list: unknown[] = []
    position += 1
    while (text[position] !== "}") {
      if (position >= text.length) throw new RangeError("An array from the database ended early")
      if (text[position] === ",") position += 1
      else if (text[position] === "{") list.push(readList())
      else if (text[position] === '"') list.push(parseElement(readQuoted()))
      else list.push(readBare())
    }
    position += 1
    return list
  }
  const readQuoted = (): string => {
    let content = ""
    position += 1
    while (text[position] !== '"') {
      if (position >= text.length) throw new RangeError("An array from the database ended early")
      if (text[position] === "\\") position += 1
      content += text[position]
      position += 1
    }
    position += 1
    return content
  }
  const readBare = (): unknown => {
    const start = position
    while (position < text.length && text[position] !== "," && text[position] !== "}") position += 1
    const content = text.slice(start, position)
    return content === "NULL" ? null : parseElement(content)
  }
  return readList()
}
