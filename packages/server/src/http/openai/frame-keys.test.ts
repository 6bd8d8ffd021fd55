// Finding keys in a chunk by a loop and by native searches, which must say the same.
import { expect, it } from "vitest"
import { randomFrom } from "../../testing/random.ts"
import { FrameKeys } from "./frame-keys.ts"

const pieces = [
  '"error"',
  '"finish_reason"',
  '"usage"',
  '"',
  "\\",
  "e",
  "f",
  "u",
  "error",
  "usage",
  "finish_reason",
  ":null",
  "{",
  "é",
  '"us',
  '"erro',
]

function found(text: string): object {
  const keys = new FrameKeys()
  keys.find(Buffer.from(text))
  const { hasError, afterFinish, afterUsage } = keys
  return { hasError, afterFinish, afterUsage }
}

function expected(text: string): object {
  const bytes = Buffer.from(text)
  const after = (key: string): number => (bytes.includes(key) ? bytes.indexOf(key) + key.length : -1)
  return { hasError: bytes.includes('"error"'), afterFinish: after('"finish_reason"'), afterUsage: after('"usage"') }
}

it("finds the first of each key in a frame of any text", () => {
  const random = randomFrom(7)
  for (let round = 0; round < 3_000; round += 1) {
    const count = Math.floor(random() * 30)
    const text = Array.from({ length: count }, () => pieces[Math.floor(random() * pieces.length)]).join("")
    expect([text, found(text)]).toEqual([text, expected(text)])
  }
})

it("finds them in frames of any length", () => {
  for (const size of [0, 1_000, 1_010, 1_024, 1_025, 5_000]) {
    const text = `${"x".repeat(size)}{"finish_reason":"stop","usage":null}`
    expect(found(text)).toEqual(expected(text))
    expect(found(`${text},"error":{}`)).toEqual(expected(`${text},"error":{}`))
  }
})

it("forgets what the frame before had", () => {
  const keys = new FrameKeys()
  keys.find(Buffer.from('{"error":1,"finish_reason":2,"usage":3}'))
  expect([keys.hasError, keys.afterFinish, keys.afterUsage]).toEqual([true, 26, 36])
  keys.find(Buffer.from("{}"))
  expect([keys.hasError, keys.afterFinish, keys.afterUsage]).toEqual([false, -1, -1])
})
