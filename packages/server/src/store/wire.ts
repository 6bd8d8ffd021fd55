// The frontend/backend protocol of Postgres, as far as the embedded engine is spoken to: requests as bytes, replies as rows.
import { parserOf, type WireValue } from "./values.ts"

export interface WireError {
  readonly severity: string
  readonly sqlState: string
  readonly message: string
  readonly constraint: string | undefined
  readonly table: string | undefined
}

export interface WireReply {
  /** Rows of the last statement that returned any. */
  readonly rows: Record<string, unknown>[]
  /** Of those rows, in order: whether a column is bytes, and is read ten times as fast in binary form. */
  readonly bytesColumns: readonly boolean[]
  readonly error: WireError | undefined
  readonly notifications: readonly { channel: string; payload: string }[]
  /** `I` idle, `T` in a transaction, `E` in a failed one; undefined when the engine died in the middle. */
  readonly status: string | undefined
}

/** A simple query: one or several statements, no values. */
export function simpleQuery(text: string): Uint8Array {
  return message("Q", cstring(text))
}

/** Parses `text` under `name`; the empty name is the throw-away statement. */
export function parseStatement(name: string, text: string): Uint8Array {
  return message("P", Buffer.concat([cstring(name), cstring(text), int16(0)]))
}

/** Binds and runs a prepared statement; `describe` asks for the columns. `binary` says of each column in which form it comes; all as text when it is empty. */
export function runStatement(
  name: string,
  values: readonly WireValue[],
  { describe, binary = [] }: { describe: boolean; binary?: readonly boolean[] },
): Uint8Array {
  const parts: Buffer[] = [cstring(""), cstring(name), int16(values.length)]
  for (const value of values) parts.push(int16(value instanceof Uint8Array ? 1 : 0))
  parts.push(int16(values.length))
  for (const value of values) {
    if (value === null) parts.push(int32(-1))
    else {
      const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      parts.push(int32(bytes.length), bytes)
    }
  }
  parts.push(int16(binary.length), ...binary.map((isBinary) => int16(isBinary ? 1 : 0)))
  const bind = message("B", Buffer.concat(parts))
  return Buffer.concat(describe ? [bind, describePortal, execute] : [bind, execute])
}

export function closeStatement(name: string): Uint8Array {
  return message("C", Buffer.concat([Buffer.from("S"), cstring(name)]))
}

/** Ends a request: the engine commits what isn't in an explicit transaction and answers. */
export function syncMessage(): Uint8Array {
  return sync
}

/** Reads one reply. Values are parsed with the parsers that both engines share. */
export function readReply(bytes: Uint8Array): WireReply {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let columns: Column[] = []
  let rows: Record<string, unknown>[] = []
  let error: WireError | undefined
  let status: string | undefined
  const notifications: { channel: string; payload: string }[] = []
  for (let offset = 0; offset + 5 <= data.length;) {
    const length = data.readInt32BE(offset + 1)
    const body = data.subarray(offset + 5, offset + 1 + length)
    switch (data[offset]) {
      case code("T"):
        columns = readColumns(body)
        rows = []
        break
      case code("D"):
        rows.push(readRow(body, columns))
        break
      case code("E"):
        error ??= readError(body)
        break
      case code("A"):
        notifications.push(readNotification(body))
        break
      case code("Z"):
        status = String.fromCharCode(body[0] ?? 0)
        break
    }
    offset += 1 + length
  }
  return { rows, bytesColumns: columns.map(({ typeId }) => typeId === bytesTypeId), error, notifications, status }
}

const bytesTypeId = 17

interface Column {
  readonly name: string
  readonly typeId: number
  readonly isBinary: boolean
  readonly parse: (text: string) => unknown
}

function readColumns(body: Buffer): Column[] {
  const columns: Column[] = []
  let offset = 2
  for (let count = body.readInt16BE(0); count > 0; count -= 1) {
    const end = body.indexOf(0, offset)
    const typeId = body.readUInt32BE(end + 7)
    columns.push({
      name: body.toString("utf8", offset, end),
      typeId,
      isBinary: body.readInt16BE(end + 17) === 1,
      parse: parserOf(typeId),
    })
    offset = end + 19
  }
  return columns
}

function readRow(body: Buffer, columns: readonly Column[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  let offset = 2
  for (const column of columns) {
    const length = body.readInt32BE(offset)
    offset += 4
    const end = offset + Math.max(0, length)
    if (length < 0) row[column.name] = null
    else if (column.isBinary) row[column.name] = new Uint8Array(body.subarray(offset, end))
    else row[column.name] = column.parse(body.toString("utf8", offset, end))
    offset = end
  }
  return row
}

function readError(body: Buffer): WireError {
  const fields = new Map<string, string>()
  for (let offset = 0; body[offset] !== 0 && offset < body.length;) {
    const end = body.indexOf(0, offset)
    fields.set(String.fromCharCode(body[offset] ?? 0), body.toString("utf8", offset + 1, end))
    offset = end + 1
  }
  return {
    severity: fields.get("V") ?? "ERROR",
    sqlState: fields.get("C") ?? "XX000",
    message: fields.get("M") ?? "unknown error",
    constraint: fields.get("n"),
    table: fields.get("t"),
  }
}

function readNotification(body: Buffer): { channel: string; payload: string } {
  const end = body.indexOf(0, 4)
  return { channel: body.toString("utf8", 4, end), payload: body.toString("utf8", end + 1, body.indexOf(0, end + 1)) }
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.allocUnsafe(5)
  head.write(type, 0, "latin1")
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf8")
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

function code(letter: string): number {
  return letter.charCodeAt(0)
}

const describePortal = message("D", Buffer.from("P\0"))
const execute = message("E", Buffer.concat([cstring(""), int32(0)]))
const sync = message("S", Buffer.alloc(0))
