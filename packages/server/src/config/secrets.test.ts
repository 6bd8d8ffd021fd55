// Property tests: no secret shows in what is printed, logged or complained about, whatever it is and wherever it stands.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, expect, test } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { ConfigError, loadConfig, printConfig, Secret, type LoadedConfig } from "./index.ts"
import { looksLikeSecret, maskUrl } from "./secret.ts"

const cwd = mkdtempSync(join(tmpdir(), "perdure-secrets-"))

afterAll(() => rmSync(cwd, { recursive: true, force: true }))

/** Nothing that the configuration says anyway, and nothing that needs escaping in an address. */
const secretText = fc.stringMatching(/^[A-Za-z0-9_~-]{8,40}$/).map((text) => `Zq${text}`)

function load(yaml: string, env: Record<string, string>): Promise<LoadedConfig> {
  writeFileSync(join(cwd, "perdure.yaml"), yaml)
  return loadConfig({ cwd, env, dev: true })
}

test("no secret is in what config print shows, nor in JSON or an inspection of the configuration", async () => {
  await fc.assert(
    fc.asyncProperty(secretText, secretText, secretText, async (first, second, password) => {
      const yaml = `providers:
  a: { baseUrl: "http://h/v1", apiKey: { env: A_KEY } }
  b: { baseUrl: "http://h/v1", apiKey: "\${B_KEY}" }
  c: { baseUrl: "http://h/v1", apiKey: ${JSON.stringify(first)} }
  d: { baseUrl: "http://h/\${B_KEY}/v1" }
`
      const database = `postgres://user:${password}@db.example.com:5432/app?password=${password}`
      const loaded = await load(yaml, { A_KEY: first, B_KEY: second, DATABASE_URL: database })
      const shown = JSON.stringify(printConfig(loaded, { all: true }))
      for (const text of [first, second, password]) expect(shown).not.toContain(text)
      const seen = [
        JSON.stringify(loaded.config.providers["a"]),
        inspect(loaded.config.database, { depth: 9 }),
        String(loaded.config.database.url),
      ]
      for (const text of [first, password]) expect(seen.join()).not.toContain(text)
      expect(loaded.config.providers["a"]?.apiKey?.reveal()).toBe(first)
    }),
    { numRuns: 60 },
  )
})

test("no secret is in the complaints about a broken configuration", async () => {
  await fc.assert(
    fc.asyncProperty(secretText, async (text) => {
      const yaml = `providers:
  a: { baseUrl: "http://me:${text}@h/v1", apiKey: ${JSON.stringify(text)} }
  b: { baseUrl: "http://h/v1", apiKey: [${JSON.stringify(text)}] }
database: { url: "mysql://me:${text}@h/d" }
`
      const error: unknown = await load(yaml, {}).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ConfigError)
      expect((error as ConfigError).problems.length).toBeGreaterThan(2)
      expect((error as ConfigError).message).not.toContain(text)
    }),
    { numRuns: 60 },
  )
})

test("the printed configuration says where each secret comes from and to which database it leads", async () => {
  const loaded = await load('providers: { a: { baseUrl: "http://h/v1", apiKey: { env: A_KEY } } }', {
    A_KEY: "hush",
    DATABASE_URL: "postgres://me:hush@db.example.com/app",
  })
  const rows = printConfig(loaded)
  expect(rows).toContainEqual({ path: "providers.a.apiKey", value: "[secret: env A_KEY]", source: "perdure.yaml:1" })
  expect(rows).toContainEqual({
    path: "database.url",
    value: "postgres://***@db.example.com/app [secret: env DATABASE_URL]",
    source: "env DATABASE_URL",
  })
})

test("keys of the known providers look like secrets, dummy words and paths do not", () => {
  for (const text of [
    "sk-proj-abc123def456",
    "sk-ant-api03-xxxxxxxx",
    "AIzaSyA1234567890",
    "ghp_16C7e42F292c6912",
    "a8f5f167f44f4964e6c998de",
  ])
    expect({ text, is: looksLikeSecret(text) }).toEqual({ text, is: true })
  for (const text of ["ollama", "none", "lm-studio", "no-key-needed", "/run/secrets/key1", "correct horse battery staple 1"])
    expect({ text, is: looksLikeSecret(text) }).toEqual({ text, is: false })
})

test("masking an address keeps host and database only", () => {
  expect(maskUrl("postgres://me:hush@h:5432/d?sslmode=require&password=hush")).toBe("postgres://***@h:5432/d?***")
  expect(maskUrl("not an address hush")).toBe("[hidden]")
})

test("a secret shows its origin when it is turned into text, JSON or an inspection", () => {
  const secret = new Secret("hush", "env X")
  expect([String(secret), JSON.stringify({ secret }), inspect({ secret })].join(" ")).toBe(
    '[secret: env X] {"secret":"[secret: env X]"} { secret: [secret: env X] }',
  )
})
