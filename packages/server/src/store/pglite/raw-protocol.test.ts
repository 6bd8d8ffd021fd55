// Replies of the engine as bytes, in the engine itself.
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, expect, test } from "vitest"
import { RawProtocol } from "./raw-protocol.ts"

let engine: PGlite
let protocol: RawProtocol
beforeAll(async () => {
  engine = await PGlite.create()
  protocol = await RawProtocol.of(engine)
})
afterAll(() => engine.close())

test("gives each reply alone and whole, however long", () => {
  const short = textOf(protocol.exec(query("select 'first'")))
  const long = textOf(protocol.exec(query("select repeat('x', 3000000) || 'end'")))
  const again = textOf(protocol.exec(query("select 'second'")))
  expect(short).toMatch(/^T.*first.*SELECT 1.*Z/s)
  expect(long.length).toBeGreaterThan(3_000_000)
  expect(long).toMatch(/xxxend\0*C.*Z/s)
  expect(again).toMatch(/^T.*second.*Z/s)
  expect(again).not.toContain("first")
})

test("says what an error says and goes on", () => {
  expect(textOf(protocol.exec(query("select nothing")))).toMatch(/^E.*42703.*Z/s)
  expect(textOf(protocol.exec(query("select 7 as n")))).toMatch(/^T.*7.*Z/s)
})

test("keeps nothing of a reply", () => {
  const rows = query("select n, 'some text' from generate_series(1, 5000) as n")
  protocol.exec(rows)
  const before = heapAfterCollection()
  for (let times = 0; times < 100; times += 1) protocol.exec(rows)
  // As shipped, the engine kept 60 MB here.
  expect(heapAfterCollection() - before).toBeLessThan(5_000_000)
})

function query(text: string): Uint8Array {
  const bytes = Buffer.from(`${text}\0`)
  const head = Buffer.from("Q\0\0\0\0")
  head.writeInt32BE(4 + bytes.length, 1)
  return new Uint8Array(Buffer.concat([head, bytes]))
}

function textOf(reply: Uint8Array): string {
  return Buffer.from(reply).toString("latin1")
}

function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void // what the flag gives a new context
  collect()
  return process.memoryUsage().heapUsed
}
