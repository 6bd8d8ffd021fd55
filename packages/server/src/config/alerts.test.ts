// The webhooks of alerts as they are written, and what is said of those that could not be told.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { ConfigError, formatProblem, loadConfig } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-config-alerts-"))
const env = { HOOK: "https://hooks.example.com/T0123456789ABCDEF/x", KEY: `whsec_${Buffer.alloc(32, 7).toString("base64")}` }

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(...lines: string[]): Promise<Awaited<ReturnType<typeof loadConfig>>["config"] | string[]> {
  writeFileSync(join(cwd, "perdure.yaml"), lines.join("\n"))
  try {
    return (await loadConfig({ cwd, env })).config
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
}

test("a webhook is told of everything as JSON unless it says otherwise, and its address is a secret", async () => {
  const config = await load(
    "alerts:",
    "  - { name: ops, url: { env: HOOK }, secret: { env: KEY } }",
    "  - { name: own, url: http://10.0.0.7/hook, on: [deployment.down] }",
  )
  if (Array.isArray(config)) throw new Error(config.join("\n"))
  expect(config.alerts).toMatchObject([
    {
      name: "ops",
      format: "json",
      on: expect.arrayContaining(["budget.threshold", "key.expiring"]) as unknown,
      project: null,
      origin: "perdure.yaml:2",
    },
    { name: "own", secret: null, on: ["deployment.down"] },
  ])
  expect(config.alerts[0]?.url.reveal()).toBe(env.HOOK)
  expect(JSON.stringify(config.alerts)).not.toContain("T0123456789ABCDEF")
})

test("budgets are told of at 80 and 100 % unless they say otherwise", async () => {
  const config = await load(
    "budgets:",
    "  - { name: a, usd: 1, per: day }",
    "  - { name: b, usd: 1, per: day, alertAt: [0.5], enforce: false }",
  )
  expect(config).toMatchObject({
    budgets: [
      { alertAt: [0.8, 1], enforce: true },
      { alertAt: [0.5], enforce: false },
    ],
  })
})

test("an address that holds a token, one that is none, a weak secret and a name that is taken are mistakes with their place", async () => {
  const problems = await load(
    "alerts:",
    "  - { name: a, url: https://hooks.example.org/services/T0123456789ABCDEF/y }",
    "  - { name: a, url: ftp://example.com/x }",
    "  - { name: c, url: https://example.com/x, secret: { env: HOOK } }",
  )
  expect(problems).toEqual([
    expect.stringContaining("alerts[0].url  a secret is written into the file"),
    expect.stringContaining('alerts[1].name  another webhook is called "a" (perdure.yaml:2)'),
    expect.stringContaining("alerts[1].url  not an address that can be posted to"),
    expect.stringContaining("alerts[2].secret  no secret to sign with"),
  ])
})
