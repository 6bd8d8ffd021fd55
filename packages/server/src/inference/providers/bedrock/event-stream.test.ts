// The binary event stream against AWS's published messages, damaged ones, and every way of splitting them.
import { describe, expect, it } from "vitest"
import { fc } from "../../../testing/fast-check.ts"
import { awsMessage } from "./event-stream.fixtures.ts"
import { AwsEventStream, EventStreamDamaged, type AwsMessage } from "./event-stream.ts"

/** From the test suite of AWS's own event stream libraries. */
const published = {
  empty: "000000100000000005c248eb7d98c8ff",
  payload: "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936",
  header: "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1",
}

function read(bytes: Uint8Array, sizeBytes = bytes.length): { headers: Record<string, string>; payload: string }[] {
  const stream = new AwsEventStream()
  const messages: AwsMessage[] = []
  for (let from = 0; from < bytes.length; from += sizeBytes) messages.push(...stream.feed(bytes.subarray(from, from + sizeBytes)))
  return messages.map(({ headers, payload }) => ({ headers: Object.fromEntries(headers), payload: Buffer.from(payload).toString() }))
}

describe("the binary event stream", () => {
  it("reads AWS's published messages", () => {
    expect(read(Buffer.from(published.empty, "hex"))).toEqual([{ headers: {}, payload: "" }])
    expect(read(Buffer.from(published.payload, "hex"))).toEqual([{ headers: {}, payload: "{'foo':'bar'}" }])
    expect(read(Buffer.from(published.header, "hex"))).toEqual([
      { headers: { "content-type": "application/json" }, payload: "{'foo':'bar'}" },
    ])
  })

  it("reads the same wherever the bytes are split", () => {
    const all = Buffer.from(published.header + published.empty + published.payload, "hex")
    const whole = read(all)
    expect(whole).toHaveLength(3)
    for (let sizeBytes = 1; sizeBytes <= all.length; sizeBytes++) expect(read(all, sizeBytes)).toEqual(whole)
  })

  it("reads whatever our fake provider writes", () => {
    const text = fc.array(fc.constantFrom("a", "{", "ü", "€", "😀", "\n"), { maxLength: 60 }).map((each) => each.join(""))
    const message = fc.record({
      headers: fc.dictionary(fc.constantFrom(":event-type", ":message-type", ":x"), text, { noNullPrototype: true }),
      payload: text,
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 300 }), (messages, sizeBytes) => {
        const bytes = Buffer.concat(messages.map(({ headers, payload }) => awsMessage(headers, payload)))
        expect(read(bytes, sizeBytes)).toEqual(
          messages.map(({ headers, payload }) => ({
            headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString()])),
            payload: Buffer.from(payload).toString(),
          })),
        )
      }),
      { numRuns: 40 },
    )
  })

  it("skips headers of other types", () => {
    const other = Buffer.from([1, 97, 4, 0, 0, 0, 7, 1, 98, 6, 0, 2, 1, 2, 1, 99, 0, 1, 100, 9, ...Array.from({ length: 16 }, () => 5)])
    expect(read(awsMessage({ ":x": "y" }, "p", other))).toEqual([{ headers: { ":x": "y" }, payload: "p" }])
  })

  it("takes no damaged message for a whole one, whichever byte was changed", () => {
    const intact = Buffer.from(published.header, "hex")
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact)
      damaged[at] = damaged[at]! ^ 0x10
      expect(() => read(Buffer.concat([damaged, Buffer.alloc(64)])), `byte ${at}`).toThrow(EventStreamDamaged)
    }
  })
})
