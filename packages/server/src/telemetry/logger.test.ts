// The log: fields as JSON lines, and no secret in any of them.
import { expect, test } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { createLogger, type Logger } from "./logger.ts"
import { redact, redacted } from "./redact.ts"

function capture(): { logger: Logger; lines: () => Record<string, unknown>[]; text: () => string } {
  let written = ""
  const logger = createLogger({ level: "debug", to: { write: (line: string) => void (written += line) } })
  const lines = (): Record<string, unknown>[] =>
    written
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { logger, lines, text: () => written }
}

test("writes one JSON object per line with level, time, folder, fields and message", () => {
  const { logger, lines } = capture()
  logger.child("store").info({ rows: 3 }, "flushed")
  expect(lines()).toEqual([
    { level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/) as string, folder: "store", rows: 3, msg: "flushed" },
  ])
})

test("takes secrets out of fields by their name, at any depth and in any spelling", () => {
  const { logger, text } = capture()
  const secret = "hunter2-hunter2"
  const fields = {
    headers: { Authorization: secret, "X-API-Key": secret, cookie: secret },
    apiKey: secret,
    list: [{ client_secret: secret }],
    password: secret,
  }
  logger.warn(fields, "refused")
  expect(text()).not.toContain(secret)
  expect(text()).toContain(redacted)
})

test("takes keys and tokens out of texts wherever they stand, errors and causes included", () => {
  const { logger, text } = capture()
  const secrets = [
    "sk-proj-abcdefghijklmnop1234",
    "pdr_live_abcdefghijklmnop",
    "Bearer abcdefgh.ijklmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijkl",
    "AKIAABCDEFGHIJKLMNOP",
    "ghp_abcdefghijklmnopqrst",
  ]
  for (const secret of secrets) {
    logger.error({ note: `called with ${secret} today` }, `failed for ${secret}`)
    logger.error(new Error(`outer ${secret}`, { cause: new Error(`inner ${secret}`) }), "failed")
  }
  logger.info({ url: "postgres://perdure:s3cr3tpassword@db/x?api_key=abcdef123" }, "connecting")
  for (const secret of [...secrets.map((one) => one.replace(/^Bearer /, "")), "s3cr3tpassword", "abcdef123"])
    expect(text()).not.toContain(secret)
})

test("never throws and stays bounded, whatever is logged", () => {
  const circular: Record<string, unknown> = {}
  circular["self"] = circular
  const { logger, text } = capture()
  logger.info(
    { circular, big: "x".repeat(1_000_000), bytes: new Uint8Array(1_000_000), many: Array.from({ length: 10_000 }, () => 1) },
    "odd",
  )
  expect(text().length).toBeLessThan(20_000)
  fc.assert(fc.property(fc.anything(), (value) => void redact(value)))
})
