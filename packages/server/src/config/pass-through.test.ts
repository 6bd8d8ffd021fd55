// Tests of the section `passThrough`: what it takes, and what is said of mistakes in it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { ConfigError, loadConfig, type Config } from "./index.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-pass-config-"))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

async function load(routes: string): Promise<Config> {
  const providers = "providers: { openai: { apiKey: { env: K } }, bedrock: { settings: { region: eu-central-1 } } }"
  writeFileSync(join(cwd, "perdure.yaml"), `discovery: false\n${providers}\npassThrough: ${routes}\n`)
  return (await loadConfig({ cwd, env: { K: "k" } })).config
}

it("takes every method and every path below it unless it says otherwise, and there are none without it", async () => {
  const { passThrough } = await load(
    "[{ path: /openai, provider: openai }, { path: /o/files, provider: openai, methods: [GET], paths: [/files/*] }]",
  )
  expect(passThrough).toMatchObject([
    { path: "/openai", methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], paths: null, projects: null },
    { methods: ["GET"], paths: ["/files/*"] },
  ])
  expect((await load("[]")).passThrough).toEqual([])
})

it.each([
  ["[{ path: /v1/x, provider: openai }]", "passThrough[0].path", /path of the server itself/],
  ["[{ path: /key/x, provider: openai }]", "passThrough[0].path", /path of the server itself/],
  ["[{ path: /dashboard, provider: openai }]", "passThrough[0].path", /path of the server itself/],
  ["[{ path: openai, provider: openai }]", "passThrough[0].path", /a path such as \/openai/],
  ["[{ path: /a, provider: opnai }]", "passThrough[0].provider", /declare it: providers\.opnai/],
  ["[{ path: /a, provider: bedrock }]", "passThrough[0].provider", /signed with their bodies/],
  ["[{ path: /a, provider: openai, methods: [TRACE] }]", "passThrough[0].methods[0]", /GET, HEAD, POST/],
  ["[{ path: /a, provider: openai, paths: [files] }]", "passThrough[0].paths[0]", /a path below it/],
])("says what is allowed in place of %s", async (routes, path, said) => {
  const error = await load(routes).catch((each: unknown) => each)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).problems.map((each) => each.path)).toEqual([path])
  expect((error as ConfigError).message).toMatch(said)
})
