// The stream of InvokeModel against the events that it holds: split at every byte, with white space, other events and nonsense in it.
import { describe, expect, it } from "vitest"
import { deploymentOf } from "../golden.fixtures.ts"
import { awsEvent, awsException } from "./event-stream.fixtures.ts"
import { InvokeStream } from "./invoke-stream.ts"

const deployment = deploymentOf({ provider: "bedrock", model: "anthropic.claude-sonnet-4-5-20250929-v1:0" })

function chunk(json: string): Buffer {
  return awsEvent("chunk", { bytes: Buffer.from(json).toString("base64"), p: "abcd" })
}

function read(bytes: Uint8Array, cuts: readonly number[] = []): string {
  const stream = new InvokeStream(deployment)
  let text = ""
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    text += Buffer.concat([...stream.feed(bytes.subarray(at, cut))]).toString()
    at = cut
  }
  return text
}

describe("the stream of InvokeModel", () => {
  const first = '{"type":"message_start","message":{"id":"msg_1"}}'
  const second = '{ "index": 0,\n "type": "content_block_delta", "delta": {"text": "é\\n"} }'
  const bytes = Buffer.concat([chunk(first), awsEvent("another", { x: 1 }), chunk(second)])
  const said = `event: message_start\ndata: ${first}\n\nevent: content_block_delta\ndata: ${second.replace("\n", " ")}\n\n`

  it("is the event stream of the dialect, wherever its bytes are split", () => {
    expect(read(bytes)).toBe(said)
    for (let cut = 1; cut < bytes.length; cut += 1) expect(read(bytes, [cut]), `split at ${cut}`).toBe(said)
    expect(
      read(
        bytes,
        Array.from({ length: bytes.length - 1 }, (_, index) => index + 1),
      ),
    ).toBe(said)
  })

  it("fails with what its provider says, and where it holds no JSON", () => {
    expect(() => read(awsException("throttlingException", { message: "slow down" }))).toThrow("slow down")
    expect(() => read(chunk("nonsense"))).toThrow("an event that is not JSON")
  })
})
