// Tests of `memory.calls`: what may be said of calls that use memory, and what is a mistake with its place.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { ConfigError, formatProblem, loadConfig } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-config-memory-"))

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(...lines: string[]): Promise<Awaited<ReturnType<typeof loadConfig>>["config"] | string[]> {
  writeFileSync(join(cwd, "perdure.yaml"), lines.join("\n"))
  try {
    return (await loadConfig({ cwd, env: {}, configPath: join(cwd, "perdure.yaml") })).config
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem)
    throw error
  }
}

test("calls are told apart by what they are, and have the defaults of requests", async () => {
  const config = await load(
    "memory:",
    "  calls:",
    '    - { for: { model: "gpt-*", tag: chat }, scopes: ["application:shop/user:{user}", "project", "shop"] }',
    '    - { scopes: ["agent:{keyName}"], budgetTokens: 0, remember: false }',
  )
  const rest = { limit: 20, states: [], required: false }
  expect(config).toMatchObject({
    memory: {
      calls: [
        {
          for: { model: "gpt-*", tag: "chat" },
          scopes: [expect.any(String), "project", "shop"],
          budgetTokens: 2_000,
          remember: true,
          ...rest,
        },
        { for: {}, scopes: ["agent:{keyName}"], budgetTokens: 0, remember: false, ...rest },
      ],
    },
  })
})

test.each([
  ["an unknown member", '{ scopes: ["user:{user}"], budget: 5 }', "budget"],
  ["an unknown word in braces", '{ scopes: ["user:{name}"] }', "scopes[0]"],
  ["a kind that is none", '{ scopes: ["planet:mars"] }', "scopes[0]"],
  ["a segment without a name", '{ scopes: ["user:"] }', "scopes[0]"],
  ["no scope", "{ scopes: [] }", "scopes"],
])("%s is a mistake with its place", async (_, entry, place) => {
  const problems = await load("memory:", `  calls: [${entry}]`)
  expect(problems).toEqual([expect.stringContaining(`memory.calls[0].${place}`)])
})
