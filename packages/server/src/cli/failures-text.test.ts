// The line that tells after which failures a deployment is asked again, or another one.
import { expect, it } from "vitest"
import { failuresText } from "./failures-text.ts"

it("tells what is configured of failures, and nothing where nothing is", () => {
  expect(failuresText({ retry: null, fallbackOn: null })).toBeUndefined()
  expect(failuresText({ retry: { attempts: 2, on: ["rate_limit", 503], first: true }, fallbackOn: ["server", 429] })).toBe(
    "retried 2 times after rate_limit, 503, before another is asked; another after server, 429",
  )
  expect(failuresText({ retry: { counts: { rate_limit: 3, 503: 1 } }, fallbackOn: [] })).toBe(
    "retried (503 1, rate_limit 3); another after no failure",
  )
  expect(failuresText({ retry: { attempts: 0 }, fallbackOn: null })).toBe("retried 0 times")
})
