// Keys on a terminal: restrictions, states and times in words.
import type { ApiKey } from "@perdure/contract"
import { expect, it } from "vitest"
import { keyFacts, keyLine } from "./keys-text.ts"

const at = Date.UTC(2026, 0, 31, 12, 30)
const plain: ApiKey = {
  id: "key_1",
  name: "app",
  hint: "pk_abc…",
  state: "live",
  scope: { models: [], endpoints: [], regions: [] },
  limits: {},
  tags: [],
  user: null,
  metadata: {},
  createdAt: at,
  createdBy: null,
  updatedAt: at,
  expiresAt: null,
  blockedAt: null,
  rotatedAt: null,
  oldSecretsUntil: null,
  lastUsedAt: null,
  revokedAt: null,
}

it("gives an unrestricted key one short line", () => {
  expect(keyLine(plain)).toBe("key_1  2026-01-31  live                never used       app")
})

it("says in its line what restricts a key, and when it ends or ended", () => {
  const limits = { budgetUsd: 5, requestsPerMinute: 60, tokensPerMinute: 9_000, concurrent: 2 }
  const restricted: ApiKey = {
    ...plain,
    scope: { models: ["gpt-*"], endpoints: ["chat"], regions: ["eu"] },
    limits,
    tags: ["a"],
    user: "alice",
    lastUsedAt: at,
  }
  expect(keyLine({ ...restricted, expiresAt: at })).toBe(
    "key_1  2026-01-31  until 2026-01-31    used 2026-01-31  app  gpt-* · chat · eu · $5/month · 60 requests/min · 9000 tokens/min · 2 at once · for alice · #a",
  )
  expect(keyLine({ ...plain, state: "expired", expiresAt: at })).toContain("expired 2026-01-31")
  expect(keyLine({ ...plain, state: "blocked", blockedAt: at, expiresAt: 0 })).toContain("blocked 2026-01-31")
  expect(keyLine({ ...plain, state: "revoked", revokedAt: at })).toContain("revoked 2026-01-31")
  expect(keyLine({ ...plain, limits: { budgetUsd: 5, alertUsd: 4, budgetPer: "total" } })).toContain("$5 in all · told at $4 in all")
})

it("shows every fact of a single key, and an old secret only while one works", () => {
  const facts = keyFacts({ ...plain, createdBy: "key_0", oldSecretsUntil: at, metadata: { team: "x" } })
  expect(facts).toContain("models      all")
  expect(facts).toContain('metadata    {"team":"x"}')
  expect(facts).toContain("created     2026-01-31 12:30 UTC by key_0")
  expect(facts).toContain("old secret  works until 2026-01-31 12:30 UTC")
  expect(keyFacts(plain).join("\n")).not.toContain("old secret")
})
