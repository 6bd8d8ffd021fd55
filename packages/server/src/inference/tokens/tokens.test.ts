// Tests of token counting: exact for OpenAI's models, bounded in time whatever the text, an honest estimate for all others.
import { afterAll, expect, test } from "vitest"
import { countTokens as o200k } from "gpt-tokenizer/encoding/o200k_base"
import { deflateSync } from "node:zlib"
import { defaultLimits } from "../../core/index.ts"
import { testDeployment } from "../../testing/gateway.ts"
import { blankCall } from "../blank-call.ts"
import type { ModelCall } from "../types.ts"
import type { ModelContent } from "../message-types.ts"
import { createTokenCounter, estimateTokens } from "./counter.ts"
import { claudeImageTokens, estimateTextTokens, sizeOfImage, tiledImageTokens } from "./estimate.ts"
import { piecesOf } from "./pieces.ts"
import { createTokenizer } from "./tokenizer.ts"

const errors: unknown[] = []
// On a machine that is busy with other tests a vocabulary takes longer to load than a request may wait for it.
const patient = { ...defaultLimits, tokenCountTimeoutMs: 120_000 }
const tokenizer = createTokenizer({ limits: patient, onError: (...what) => errors.push(what) })
const counter = createTokenCounter({ tokenizer, natives: new Map() })
afterAll(() => counter[Symbol.asyncDispose]())

const openAi = testDeployment("http://127.0.0.1:9", { upstreamModel: "gpt-5-mini" })
const claude = testDeployment("http://127.0.0.1:9", { provider: "anthropic", upstreamModel: "claude-sonnet-4-5" })
const other = testDeployment("http://127.0.0.1:9", { upstreamModel: "my-model" })
const signal = new AbortController().signal

function callOf(text: string, over: Partial<ModelCall> = {}): ModelCall {
  return {
    ...blankCall,
    model: "m",
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    toolChoice: "auto",
    parallelToolCalls: true,
    ...over,
  }
}

test("counts a message of an OpenAI model as its vocabulary does, with the frame around it", async () => {
  const text = "The quick brown fox jumps over the lazy dog."
  expect(await counter.count(callOf(text), openAi, signal)).toEqual({ tokens: o200k(text) + 7, estimated: false })
})

test("takes what looks like a control token for a text", async () => {
  const { tokens } = await counter.count(callOf("a <|endoftext|> b"), openAi, signal)
  expect(tokens).toBeGreaterThan(7 + 3)
})

test("knows OpenAI's models by name behind another provider, and estimates for a name that says nothing", async () => {
  const routed = testDeployment("http://127.0.0.1:9", { upstreamModel: "openai/gpt-4o" })
  expect((await counter.count(callOf("hello"), routed, signal)).estimated).toBe(false)
  expect((await counter.count(callOf("hello"), other, signal)).estimated).toBe(true)
  expect((await counter.count(callOf("hello"), claude, signal)).estimated).toBe(true)
})

test("the pieces of a text are the text, and cost no token more in prose", () => {
  const prose = "Ein Satz, der (wie alle) aus Wörtern besteht; 12345 Zahlen und Zeichen -> auch.\n\n".repeat(2_000)
  const pieces = [...piecesOf(prose)]
  expect(pieces.length).toBeGreaterThan(5)
  expect(pieces.join("")).toBe(prose)
  expect(pieces.reduce((sum, piece) => sum + o200k(piece), 0) - o200k(prose)).toBeLessThanOrEqual(pieces.length)
})

test.each([
  ["letters without a blank", "日本語のテキスト".repeat(20_000)],
  ["blanks", " ".repeat(200_000)],
  ["signs", "!".repeat(200_000)],
  ["ends of lines and slashes", "/\n".repeat(100_000)],
  ["characters of two halves", "😀".repeat(50_000)],
  ["one letter", "a".repeat(200_000)],
])("no piece of %s is long, and none cuts a character", (_name, text) => {
  const pieces = [...piecesOf(text)]
  expect(pieces.join("")).toBe(text)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(128)
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
})

test("a text that is too much for the time is estimated, and the next one is counted", async () => {
  const hurried = createTokenizer({ limits: { ...defaultLimits, tokenCountTimeoutMs: 2 }, onError: () => undefined })
  await using slow = createTokenCounter({ tokenizer: hurried, natives: new Map() })
  const long = "word ".repeat(200_000)
  expect(await slow.count(callOf(long), openAi, signal)).toEqual({ tokens: estimateTokens(callOf(long), openAi), estimated: true })
  expect(await counter.count(callOf("hello"), openAi, signal)).toEqual({ tokens: 8, estimated: false })
})

test("an idle thread ends, and the next question starts one", async () => {
  const brief = createTokenizer({ limits: { ...patient, tokenizerIdleMs: 1 }, onError: (...what) => errors.push(what) })
  await using counting = createTokenCounter({ tokenizer: brief, natives: new Map() })
  for (let round = 0; round < 3; round += 1) {
    expect((await counting.count(callOf("hello"), openAi, signal)).tokens).toBe(8)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  expect(errors).toEqual([])
})

test("a caller that has left is not counted for", async () => {
  await expect(counter.count(callOf("hello"), openAi, AbortSignal.abort(new Error("left")))).rejects.toThrow("left")
})

test("estimates by script: several Latin letters to a token, one character of Chinese", () => {
  expect(estimateTextTokens("abcdefgh", 4)).toBe(2)
  expect(estimateTextTokens("你好世界", 4)).toBe(4)
})

test("the estimate of English prose is within a quarter of the count", async () => {
  const prose = "When a reader asks for a page, the server looks for it in memory first, and only then on the disk. ".repeat(50)
  const { tokens } = await counter.count(callOf(prose), openAi, signal)
  expect(Math.abs(estimateTokens(callOf(prose), openAi) - tokens) / tokens).toBeLessThan(0.25)
})

test("tools count, Claude's with what Anthropic puts before them", () => {
  const tools = [{ name: "get_weather", description: "Weather of a place", parameters: { type: "object" }, strict: null }]
  expect(estimateTokens(callOf("hi", { tools }), claude) - estimateTokens(callOf("hi"), claude)).toBeGreaterThan(346)
  expect(estimateTokens(callOf("hi", { tools }), other)).toBeGreaterThan(estimateTokens(callOf("hi"), other))
})

function pngOf(width: number, height: number): string {
  const head = Buffer.alloc(24)
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]).copy(head)
  head.write("IHDR", 12, "latin1")
  head.writeUInt32BE(width, 16)
  head.writeUInt32BE(height, 20)
  return `data:image/png;base64,${Buffer.concat([head, deflateSync("pixels")]).toString("base64")}`
}

function jpegOf(width: number, height: number): string {
  const comment = Buffer.from([0xff, 0xfe, 0x00, 0x06, 1, 2, 3, 4])
  const frame = Buffer.from([0xff, 0xc0, 0x00, 0x11, 8, height >> 8, height & 255, width >> 8, width & 255, 3, 0, 0, 0])
  return `data:image/jpeg;base64,${Buffer.concat([Buffer.from([0xff, 0xd8]), comment, frame]).toString("base64")}`
}

test("reads the size of an image from its head, and takes none from what is no image", () => {
  expect(sizeOfImage(pngOf(640, 480))).toEqual({ width: 640, height: 480 })
  expect(sizeOfImage(jpegOf(1030, 770))).toEqual({ width: 1030, height: 770 })
  expect(sizeOfImage("data:image/png;base64,")).toBeUndefined()
  expect(sizeOfImage("https://example.com/a.png")).toBeUndefined()
})

test("images count by the published rules of their providers", async () => {
  expect(tiledImageTokens(pngOf(1024, 1024))).toBe(765)
  expect(tiledImageTokens(pngOf(2048, 4096))).toBe(1105)
  expect(claudeImageTokens(pngOf(1000, 1000))).toBe(1334)
  const image: ModelContent = { type: "image", url: pngOf(1024, 1024) }
  const call = callOf("", { messages: [{ role: "user", content: [image] }] })
  expect(await counter.count(call, openAi, signal)).toEqual({ tokens: 765 + 7, estimated: true })
})
