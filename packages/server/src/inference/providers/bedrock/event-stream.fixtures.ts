// Writes AWS's binary event stream, for fake providers.
import { crc32 } from "node:zlib"

/** One message with text headers; `furtherHeaders` are bytes as they stand on the wire. */
export function awsMessage(headers: Readonly<Record<string, string>>, payload: string | Uint8Array, furtherHeaders?: Uint8Array): Buffer {
  const head = Buffer.concat([...Object.entries(headers).map(textHeader), furtherHeaders ?? Buffer.alloc(0)])
  const body = Buffer.from(payload)
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(12 + head.length + body.length + 4, 0)
  prelude.writeUInt32BE(head.length, 4)
  const front = Buffer.concat([prelude, checksum(prelude), head, body])
  return Buffer.concat([front, checksum(front)])
}

/** An event of Converse. */
export function awsEvent(type: string, payload: unknown): Buffer {
  const headers = { ":event-type": type, ":content-type": "application/json", ":message-type": "event" }
  return awsMessage(headers, JSON.stringify(payload))
}

export function awsException(type: string, payload: unknown): Buffer {
  const headers = { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" }
  return awsMessage(headers, JSON.stringify(payload))
}

function textHeader([name, value]: [string, string]): Buffer {
  const nameBytes = Buffer.from(name)
  const valueBytes = Buffer.from(value)
  const size = Buffer.alloc(2)
  size.writeUInt16BE(valueBytes.length)
  return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, Buffer.from([7]), size, valueBytes])
}

function checksum(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}
