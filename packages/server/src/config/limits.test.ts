// Tests of the sections that limit: what they become, and what is said of those that would limit nothing.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { ConfigError, formatProblem, loadConfig } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-config-limits-"))

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(...lines: string[]): Promise<Awaited<ReturnType<typeof loadConfig>>["config"] | string[]> {
  writeFileSync(join(cwd, "perdure.yaml"), lines.join("\n"))
  try {
    return (await loadConfig({ cwd, env: {} })).config
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
}

test("budgets and rate limits are read with their place, and a price is assumed for models without one", async () => {
  const config = await load(
    "budgets:",
    '  - { name: users, for: { project: proj_default, user: "*" }, usd: 5, per: day }',
    "rateLimits:",
    '  - { name: keys, for: { key: "*" }, requests: 600, tokens: 100000, concurrent: 20 }',
  )
  expect(config).toMatchObject({
    budgets: [{ name: "users", for: { project: "proj_default", user: "*" }, usd: 5, per: "day", origin: "perdure.yaml:2" }],
    rateLimits: [{ name: "keys", requests: 600, tokens: 100_000, concurrent: 20, per: "minute", burstShare: 1, origin: "perdure.yaml:4" }],
    unknownPrice: { inputPerMillionUsd: 5, outputPerMillionUsd: 25 },
  })
})

test("a limit without an amount, or with a word that is none, is a mistake with its place", async () => {
  const problems = await load(
    "budgets:",
    "  - { name: a, per: day }",
    "  - { name: b, per: fortnight, usd: 1 }",
    "rateLimits:",
    "  - { name: d, for: { team: x }, requests: 0 }",
  )
  const amounts = "requests, tokens, inputTokens, outputTokens"
  expect(problems).toEqual([
    `perdure.yaml:2:5  budgets[0]  a map of keys is without an amount: give at least one of usd, ${amounts}  allowed: name, for, per, usd, ${amounts}, alertAt, enforce`,
    'perdure.yaml:3:21  budgets[1].per  "fortnight" is not one of the values  allowed: hour, day, week, month, total',
    'perdure.yaml:5:23  rateLimits[0].for.team  unknown key "team"  allowed: project, key, user, model, tag, provider, deployment',
    "perdure.yaml:5:44  rateLimits[0].requests  0 is too small  allowed: whole number from 1 to 9007199254740991",
  ])
})

test("two limits of one name are a mistake, for counters go by it", async () => {
  expect(await load("budgets: [{ name: c, per: day, usd: 1 }]", "rateLimits:", "  - { name: c, requests: 1 }")).toEqual([
    'perdure.yaml:3:13  rateLimits[0].name  another limit is called "c" (perdure.yaml:1)  allowed: a name of its own',
  ])
})

test("a limit binds a provider, several that share it or a deployment, and not callers beside them", async () => {
  const config = await load(
    "providers: { openai: { apiKey: a }, second: { type: openai, apiKey: b } }",
    "budgets:",
    "  - { name: a, for: { provider: openai }, per: day, usd: 1 }",
    "  - { name: b, for: { provider: [openai, second] }, per: day, usd: 1 }",
    '  - { name: c, for: { deployment: "second/gpt-5-mini" }, per: day, requests: 5 }',
    '  - { name: d, for: { provider: "*" }, per: day, usd: 1 }',
  )
  expect(config).toMatchObject({
    budgets: [
      { for: { provider: "openai" } },
      { for: { provider: ["openai", "second"] } },
      { for: { deployment: "second/gpt-5-mini" } },
      { for: { provider: "*" } },
    ],
  })
  const problems = await load(
    "budgets:",
    "  - { name: a, for: { provider: opnai }, per: day, usd: 1 }",
    "  - { name: b, for: { deployment: nowhere/m }, per: day, usd: 1 }",
  )
  expect(problems).toEqual([
    expect.stringMatching(/budgets\[0\].for.provider.*no provider "opnai".*mean openai/),
    expect.stringContaining('no provider "nowhere"'),
  ])
  const starred = await load("budgets:", '  - { name: c, for: { provider: [openai, "*"] }, per: day, usd: 1 }')
  expect(starred).toEqual([expect.stringContaining("budgets[0].for.provider")])
  const mixed = await load("budgets:", "  - { name: c, for: { provider: openai, user: x }, per: day, usd: 1 }")
  expect(mixed).toEqual([expect.stringContaining("beside user: provider and deployment bind what is asked, the other members who asks")])
})
