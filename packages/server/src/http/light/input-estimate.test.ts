// The rough count of a request's tokens takes pictures for pictures, wherever the pieces of the body were cut.
import { describe, expect, it } from "vitest"
import { BodyBytes } from "./body-bytes.ts"
import { estimateInputTokens } from "./input-estimate.ts"

const picture = Buffer.alloc(90_000, 7).toString("base64")
const text = "Some words, and then some more. ".repeat(4_000)

function estimate(content: string, pieceBytes = Infinity): number {
  const bytes = Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content }] }))
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += Math.min(pieceBytes, bytes.length)) pieces.push(bytes.subarray(at, at + pieceBytes))
  return estimateInputTokens(new BodyBytes(pieces))
}

describe("the estimate of a request's tokens", () => {
  it("is a quarter of the bytes of texts", () => {
    expect(estimate("hello")).toBeLessThan(20)
    expect(estimate(text)).toBeGreaterThan(text.length / 4)
    expect(estimate(text)).toBeLessThan(text.length / 4 + 50)
  })

  it.each([Infinity, 65_536, 40_001, 8_192, 1_000])("counts a picture once, in pieces of %d bytes", (pieceBytes) => {
    const inText = `"${picture}" is what I see; "${picture.slice(0, 20_000)}" is its beginning.`
    expect(estimate(picture, pieceBytes)).toBeLessThan(1_700)
    expect(estimate(inText, pieceBytes)).toBeGreaterThan(3_200)
    expect(estimate(inText, pieceBytes)).toBeLessThan(3_300)
    expect(estimate(text, pieceBytes)).toBe(estimate(text))
  })
})
