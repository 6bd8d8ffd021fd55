// Tests of the depth that is read from bytes.
import { expect, test } from "vitest"
import { isNestedTooDeep, jsonDepthMax } from "./json-depth.ts"

const nested = (depth: number, inner = ""): Buffer => Buffer.from('{"a":['.repeat(depth / 2) + inner + "]}".repeat(depth / 2))

test.each([
  ["as deep as is allowed", nested(jsonDepthMax), false],
  ["one more", nested(jsonDepthMax, "[]"), true],
  ["never closed", Buffer.from("[".repeat(jsonDepthMax * 3)), true],
  ["side by side", Buffer.from(`[${"[],".repeat(jsonDepthMax * 3)}1]`), false],
  ["brackets in a text", Buffer.from(JSON.stringify(["[".repeat(jsonDepthMax * 3)])), false],
  ["brackets after an escaped quote", Buffer.from(JSON.stringify([`"\\${"[".repeat(jsonDepthMax * 3)}`])), false],
  ["brackets after a text that ends in a backslash", Buffer.from(`["\\\\",${"[".repeat(jsonDepthMax * 3)}`), true],
  ["a text without an end", Buffer.from(`"${"[".repeat(jsonDepthMax * 3)}`), false],
])("%s", (_, bytes, expected) => expect(isNestedTooDeep(bytes)).toBe(expected))
