// Tests of loading the configuration: layers, sources, secrets, and every complaint with its exact words.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { defaultLimits } from "../core/index.ts"
import { ConfigError, formatProblem, loadConfig, Secret, type LoadOptions } from "./index.ts"
import { configSchema } from "./schema.ts"

const root = mkdtempSync(join(tmpdir(), "perdure-config-"))
let count = 0

afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A fresh directory with these files. */
function directory(files: Record<string, string> = {}): string {
  const cwd = join(root, `case-${(count += 1)}`)
  mkdirSync(cwd)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  return cwd
}

async function problemsOf(files: Record<string, string>, options: Partial<LoadOptions> = {}): Promise<string[]> {
  const error: unknown = await loadConfig({ cwd: directory(files), env: {}, ...options }).catch((thrown: unknown) => thrown)
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`)
  return error.problems.map(formatProblem)
}

describe("a configuration that is right", () => {
  test("is all defaults without a file, listening on this machine only", async () => {
    const cwd = directory()
    const { config, sources, path } = await loadConfig({ cwd, env: {} })
    expect(path).toBeNull()
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 8080 })
    expect(config.data).toBe(join(cwd, ".perdure"))
    expect(config.database.url).toBeNull()
    expect(config.limits).toEqual(defaultLimits)
    expect(config.grants).toEqual([
      {
        to: "*",
        allow: [
          "memory.write:*",
          "memory.delete:*",
          "file.write:*",
          "conversation.write:*",
          "keys.manage:*",
          "prompts.manage:*",
          "experiments.manage:*",
          "tool.read:*",
        ],
        origin: "default",
      },
      { to: "user:admin", allow: ["memory.manage:*"], origin: "default" },
    ])
    expect(sources["server.port"]).toBe("default")
  })

  test("takes values from YAML and says on which line each stands", async () => {
    const yaml = `server:
  port: 3000
data: store
limits: { turnsMax: 4 }
grants:
  - { to: "*", allow: ["tool.call:*"], integrityMin: 2 }
`
    const cwd = directory({ "perdure.yaml": yaml })
    const { config, sources, path } = await loadConfig({ cwd, env: {} })
    expect(path).toBe(join(cwd, "perdure.yaml"))
    expect(config.server).toMatchObject({ host: "127.0.0.1", port: 3000 })
    expect(config.data).toBe(join(cwd, "store"))
    expect(config.limits).toEqual({ ...defaultLimits, turnsMax: 4 })
    expect(config.grants).toEqual([{ to: "*", allow: ["tool.call:*"], integrityMin: 2, origin: "perdure.yaml:6" }])
    expect(sources).toMatchObject({ "server.host": "default", "server.port": "perdure.yaml:2", "limits.turnsMax": "perdure.yaml:4" })
  })

  test("takes providers and models, with prices, secrets and their origin", async () => {
    const yaml = `providers:
  up:
    baseUrl: https://api.example.com/v1/
    apiKey: { env: UP_KEY }
models:
  fast:
    deployments:
      - provider: up
        model: gpt-5-mini
        price: { inputPerMillionUsd: 0.25, outputPerMillionUsd: 2 }
      - gguf: models/tiny.gguf
`
    const cwd = directory({ "perdure.yaml": yaml })
    const { config } = await loadConfig({ cwd, env: { UP_KEY: "hush" } })
    expect(config.providers["up"]).toMatchObject({
      type: "openai-compatible",
      baseUrl: "https://api.example.com/v1",
      origin: "perdure.yaml:2",
    })
    expect(config.providers["up"]?.apiKey?.reveal()).toBe("hush")
    const price = { inputPerMillionUsd: 0.25, outputPerMillionUsd: 2 }
    expect(config.models["fast"]).toMatchObject({
      origin: "perdure.yaml:6",
      cache: null,
      deployments: [
        { provider: "up", model: "gpt-5-mini", price, does: null, dialect: null, contextTokensMax: null, gguf: null },
        { provider: "perdure", model: "tiny", price: null, gguf: join(cwd, "models/tiny.gguf") },
      ],
    })
  })

  test("lets the environment win over the file, and flags over the environment", async () => {
    const cwd = directory({ "perdure.yaml": "server: { port: 3000, host: localhost }\nlogging: { level: warn }" })
    const env = { PORT: "4000", HOST: "0.0.0.0", LOG_LEVEL: "debug", PERDURE_DATA: "elsewhere", DATABASE_URL: "postgres://a:b@h/d" }
    const flags = [{ path: ["server", "port"], value: 0, source: "flag --port" }]
    const { config, sources } = await loadConfig({ cwd, env, flags })
    expect(config.server).toMatchObject({ host: "0.0.0.0", port: 0 })
    expect(config.logging.level).toBe("debug")
    expect(config.data).toBe(join(cwd, "elsewhere"))
    expect(config.database.url?.reveal()).toBe("postgres://a:b@h/d")
    expect(sources).toMatchObject({ "server.port": "flag --port", "server.host": "env HOST", data: "env PERDURE_DATA" })
  })

  test("treats an empty variable as one that is not set", async () => {
    const { config, sources } = await loadConfig({ cwd: directory(), env: { PORT: "", DATABASE_URL: "" } })
    expect(config.server.port).toBe(8080)
    expect(sources["database.url"]).toBeUndefined()
  })

  test("reads the file that PERDURE_CONFIG names, and its paths start from that file", async () => {
    const cwd = directory({ "other.yaml": "data: here" })
    const { config, path } = await loadConfig({ cwd: root, env: { PERDURE_CONFIG: join(cwd, "other.yaml") } })
    expect(path).toBe(join(cwd, "other.yaml"))
    expect(config.data).toBe(join(cwd, "here"))
  })

  test("fills ${NAME} in, with the type that is wanted there, its default, and $${ as itself", async () => {
    const yaml = 'server: { port: "${P}", host: "${H:-0.0.0.0}" }\ndiscovery: ${D:-false}\ndata: "$${x}"'
    const cwd = directory({ "perdure.yaml": yaml })
    const { config, written } = await loadConfig({ cwd, env: { P: "81", H: "" } })
    expect(config.server).toMatchObject({ host: "0.0.0.0", port: 81 })
    expect(config.discovery).toBe(false)
    expect(config.data).toBe(join(cwd, "${x}"))
    expect(written["server.port"]).toBe("${P}")
  })

  test("follows anchors and aliases", async () => {
    const yaml = `providers:
  a: &a { baseUrl: "http://127.0.0.1:1/v1" }
  b: *a
`
    const { config } = await loadConfig({ cwd: directory({ "perdure.yaml": yaml }), env: {} })
    expect(config.providers["b"]?.baseUrl).toBe("http://127.0.0.1:1/v1")
  })

  test("reads a secret from a file without the line break at its end", async () => {
    const yaml = 'providers: { up: { baseUrl: "http://h/v1", apiKey: { file: key.txt } } }'
    const { config } = await loadConfig({ cwd: directory({ "perdure.yaml": yaml, "key.txt": "hush\n" }), env: {} })
    expect(config.providers["up"]?.apiKey?.reveal()).toBe("hush")
  })

  test("lets dummy words and what came from the environment stand where a secret stands", async () => {
    const key = "sk-1234567890abcdefghij"
    const yaml = `providers:
  local: { baseUrl: "http://h/v1", apiKey: ollama }
  up: { baseUrl: "http://h/v1", apiKey: "\${UP_KEY}" }
`
    const { config } = await loadConfig({ cwd: directory({ "perdure.yaml": yaml }), env: { UP_KEY: key } })
    expect(config.providers["local"]?.apiKey?.reveal()).toBe("ollama")
    expect(config.providers["up"]?.apiKey?.reveal()).toBe(key)
  })

  test("lets a key stand in the file only in development", async () => {
    const files = { "perdure.yaml": 'providers: { up: { baseUrl: "http://h/v1", apiKey: sk-1234567890abcdefghij } }' }
    const { config } = await loadConfig({ cwd: directory(files), env: {}, dev: true })
    expect(config.providers["up"]?.apiKey).toBeInstanceOf(Secret)
    expect(await problemsOf(files)).toHaveLength(1)
  })

  test("loads perdure.config.ts with its workflows", async () => {
    const text = `const workflow = { kind: "workflow", name: "greet", version: "1", style: "replay", execute: async () => null }
export default { server: { port: 5000 as number }, workflows: [workflow] }`
    const { config, sources } = await loadConfig({ cwd: directory({ "perdure.config.ts": text }), env: { PORT: "5001" } })
    expect(config.server.port).toBe(5001)
    expect(config.workflows).toEqual([expect.objectContaining({ name: "greet" })])
    expect(sources["server.port"]).toBe("env PORT")
  })
})

describe("a configuration that is wrong", () => {
  const topKeys = Object.keys(configSchema.shape).join(", ")
  const cases: [what: string, yaml: string, problems: string[]][] = [
    [
      "a misspelt key",
      "server:\n  prot: 1",
      [
        'perdure.yaml:2:3  server.prot  unknown key "prot"  allowed: host, port, publicUrl, allowedHosts, allowedOrigins  did you mean port?',
      ],
    ],
    [
      "a misspelt key at the top",
      "modles: {}",
      [`perdure.yaml:1:1  modles  unknown key "modles"  allowed: ${topKeys}  did you mean models?`],
    ],
    ["a key in the wrong place", "port: 3", [`perdure.yaml:1:1  port  unknown key "port"  allowed: ${topKeys}  did you mean server.port?`]],
    ["a key that nothing is like", "xyz: 3", [`perdure.yaml:1:1  xyz  unknown key "xyz"  allowed: ${topKeys}`]],
    [
      "a number out of range",
      "server: { port: 70000 }",
      ["perdure.yaml:1:17  server.port  70000 is too big  allowed: whole number from 0 to 65535"],
    ],
    [
      "an address for an origin",
      "server: { allowedOrigins: [https://app.example.com/page] }",
      ['perdure.yaml:1:28  server.allowedOrigins[0]  "https://app.example.com/page" is not an origin such as https://app.example.com'],
    ],
    [
      "a page for the public address",
      "server: { publicUrl: https://ai.example.com/perdure }",
      [
        expect.stringContaining(
          'server.publicUrl  "https://ai.example.com/perdure" is not an origin  allowed: an address such as https://',
        ),
      ],
    ],
    [
      "text for a number",
      "server: { port: http }",
      ['perdure.yaml:1:17  server.port  "http" is not a number  allowed: whole number from 0 to 65535'],
    ],
    [
      "a fraction",
      "server: { port: 1.5 }",
      ["perdure.yaml:1:17  server.port  1.5 is not a whole number  allowed: whole number from 0 to 65535"],
    ],
    [
      "nothing where something is needed",
      "server: { port: }",
      ["perdure.yaml:1:17  server.port  null is not a number  allowed: whole number from 0 to 65535"],
    ],
    [
      "text for a switch",
      "discovery: yes please",
      ['perdure.yaml:1:12  discovery  "yes please" is not true or false  allowed: true or false'],
    ],
    [
      "a list for a map",
      "server: []",
      ["perdure.yaml:1:9  server  a list is not a map of keys  allowed: host, port, publicUrl, allowedHosts, allowedOrigins"],
    ],
    [
      "an unknown level",
      "logging: { level: wran }",
      [
        'perdure.yaml:1:19  logging.level  "wran" is not one of the values  allowed: trace, debug, info, warn, error, silent  did you mean warn?',
      ],
    ],
    [
      "content in logs",
      "logging: { content: true }",
      ["perdure.yaml:1:21  logging.content  true is not one of the values  allowed: false"],
    ],
    [
      "a limit below its bound",
      "limits: { leaseMs: 1 }",
      ["perdure.yaml:1:20  limits.leaseMs  1 is too small  allowed: whole number from 500 to 600000"],
    ],
    [
      "an address that is none",
      "providers: { up: { baseUrl: api.example.com } }",
      [
        'perdure.yaml:1:29  providers.up.baseUrl  "api.example.com" is not an http(s) address without credentials, query and fragment  allowed: an address such as https://api.example.com/v1',
      ],
    ],
    [
      "an address with a password, which is not repeated",
      'providers: { up: { baseUrl: "https://me:hush@api.example.com" } }',
      [
        "perdure.yaml:1:29  providers.up.baseUrl  [hidden value] is not an http(s) address without credentials, query and fragment  allowed: an address such as https://api.example.com/v1",
      ],
    ],
    [
      "a missing address",
      "providers: { up: {} }",
      ["perdure.yaml:1:14  providers.up.baseUrl  required but missing  allowed: an address such as https://api.example.com/v1"],
    ],
    [
      "a name with a space",
      'models: { "a b": { deployments: [{ gguf: x.gguf }] } }',
      [
        'perdure.yaml:1:11  models["a b"]  "a b" cannot be a name  allowed: a model name: letters, digits and . / : @ _ -; 128 at most; one * stands for any of them',
      ],
    ],
    [
      "a provider that is not declared",
      "models: { fast: { deployments: [{ provider: opnai, model: m }] } }",
      [
        'perdure.yaml:1:45  models.fast.deployments[0].provider  there is no provider "opnai"  allowed: perdure, openai, anthropic, gemini, mistral, cohere, groq, deepseek, xai, together, fireworks, openrouter, ollama, llamacpp, lmstudio  did you mean openai?',
      ],
    ],
    [
      "a deployment without a model",
      "models: { fast: { deployments: [{ provider: openai }] } }",
      [
        "perdure.yaml:1:33  models.fast.deployments[0].model  required but missing  allowed: the model's name at the provider; * for what a pattern's * stood for",
      ],
    ],
    [
      "a key written into the file, which is not repeated",
      'providers: { up: { baseUrl: "http://h/v1", apiKey: sk-1234567890abcdefghij } }',
      [
        "perdure.yaml:1:52  providers.up.apiKey  a secret is written into the file  allowed: { env: NAME } or { file: path }  move it to the environment or a file; only perdure dev lets it through",
      ],
    ],
    [
      "a secret whose variable is not set",
      'providers: { up: { baseUrl: "http://h/v1", apiKey: { env: NOPE } } }',
      ["perdure.yaml:1:52  providers.up.apiKey  the environment variable NOPE is not set  set NOPE, or remove this reference"],
    ],
    [
      "a misspelt reference",
      'providers: { up: { baseUrl: "http://h/v1", apiKey: { evn: X } } }',
      ['perdure.yaml:1:54  providers.up.apiKey.evn  unknown key "evn"  allowed: env, file  did you mean env?'],
    ],
    [
      "a reference to nothing",
      'providers: { up: { baseUrl: "http://h/v1", apiKey: {} } }',
      ["perdure.yaml:1:52  providers.up.apiKey  names neither a variable nor a file, or both  allowed: { env: NAME } or { file: path }"],
    ],
    [
      "a variable that is not set",
      'data: "${NOPE}/x"',
      ["perdure.yaml:1:7  data  the environment variable NOPE is not set  set NOPE, or write ${NOPE:-default}"],
    ],
    [
      "a reference that is not closed",
      'data: "${NOPE"',
      ["perdure.yaml:1:7  data  a ${ that is not ${NAME} or ${NAME:-default}  allowed: ${NAME}, ${NAME:-default}, $${ for a plain ${"],
    ],
    [
      "an unknown action in a grant",
      'grants: [{ to: "*", allow: ["tool.cal:x"] }]',
      [
        'perdure.yaml:1:29  grants[0].allow[0]  "tool.cal:x" is not action:target with a known action  allowed: action:target, where the action is one of tool.call, tool.read, memory.write, memory.delete, memories.erase, memory.manage, file.write, conversation.write, keys.manage, prompts.manage, experiments.manage, outbound, process.start, or ends in *  did you mean tool.call?',
      ],
    ],
    [
      "a database that is not Postgres, with its password not repeated",
      'database: { url: "${DB}" }',
      ["perdure.yaml:1:18  database.url  not an address of Postgres  allowed: postgres://user:password@host:5432/database"],
    ],
    [
      "workflows in YAML",
      "workflows: [1]",
      ["perdure.yaml:1:1  workflows  workflows are code  move the configuration to perdure.config.ts"],
    ],
    ["tools in YAML", "tools: [1]", ["perdure.yaml:1:1  tools  tools are code  move the configuration to perdure.config.ts"]],
    ["a key that is given twice", "data: a\ndata: b", ["perdure.yaml:2:1  not valid YAML: Map keys must be unique  remove one of them"]],
    [
      "an unquoted ${ in braces",
      "server: { port: ${P} }",
      ['perdure.yaml:1:18  not valid YAML: Unexpected flow-map-start at node end  quote it: "${NAME}"'],
    ],
    ["a list at the top", "- 1", ["perdure.yaml:1:1  the file is not a map of keys  allowed: server, models, …"]],
    [
      "a name from JavaScript's depths",
      'providers: { "__proto__": { baseUrl: "http://h/v1" } }',
      ['perdure.yaml:1:14  providers.__proto__  "__proto__" cannot be a name  allowed: any other name'],
    ],
  ]

  test.each(cases)("%s", async (_what, yaml, problems) => {
    expect(await problemsOf({ "perdure.yaml": yaml }, { env: { DB: "mysql://me:hush@h/d" } })).toEqual(problems)
  })

  test("all problems come at once, in the order of the file, those of the environment last", async () => {
    const yaml = `modles: {}
models:
  fast:
    deployments: [{ provider: nobody, model: m }]
providers:
  up: { baseUrl: nowhere }
  two: { baseUrl: "http://h/v1", apiKey: { env: NOPE } }
`
    const problems = await problemsOf({ "perdure.yaml": yaml }, { env: { PORT: "many" } })
    expect(problems.map((line) => line.split("  ").slice(0, 2))).toEqual([
      ["perdure.yaml:1:1", "modles"],
      ["perdure.yaml:4:31", "models.fast.deployments[0].provider"],
      ["perdure.yaml:6:18", "providers.up.baseUrl"],
      ["perdure.yaml:7:42", "providers.two.apiKey"],
      ["env PORT", "server.port"],
    ])
  })

  test("a wrong variable is named with what is allowed", async () => {
    expect(await problemsOf({}, { env: { PORT: "http", LOG_LEVEL: "loud" } })).toEqual([
      'env PORT  server.port  "http" is not a number  allowed: whole number from 0 to 65535',
      'env LOG_LEVEL  logging.level  "loud" is not one of the values  allowed: trace, debug, info, warn, error, silent',
    ])
  })

  test("problems of a TypeScript file name the file and the path", async () => {
    const problems = await problemsOf({ "perdure.config.ts": "export default { server: { prot: 1 } }" })
    expect(problems).toEqual([
      'perdure.config.ts  server.prot  unknown key "prot"  allowed: host, port, publicUrl, allowedHosts, allowedOrigins  did you mean port?',
    ])
  })

  test("a TypeScript file without a default export says what to export", async () => {
    expect(await problemsOf({ "perdure.config.ts": "export const config = {}" })).toEqual([
      'perdure.config.ts  has no default export that is an object  allowed: export default defineConfig({ … })  import { defineConfig } from "perdure"',
    ])
  })

  test("a TypeScript file that throws says what it said", async () => {
    const [problem] = await problemsOf({ "perdure.config.ts": 'throw new Error("boom")' })
    expect(problem).toContain("perdure.config.ts  could not be loaded: boom")
  })

  test("two files at once are refused", async () => {
    expect(await problemsOf({ "perdure.yaml": "", "perdure.config.ts": "export default {}" })).toEqual([
      "perdure.config.ts  perdure.yaml is there too  allowed: one configuration file  remove one, or name one by --config",
    ])
  })

  test("a file that is named but not there is a problem, not a default", async () => {
    const [problem] = await problemsOf({}, { configPath: "nope.yaml" })
    expect(problem).toContain("nope.yaml  there is no such file")
  })

  test("aliases that multiply are cut off", async () => {
    const lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"]
    for (let at = 1; at < 8; at += 1) lines.push(`a${at}: &a${at} [${Array.from({ length: 10 }, () => `*a${at - 1}`).join(",")}]`)
    const problems = await problemsOf({ "perdure.yaml": lines.join("\n") })
    expect(problems.some((line) => line.includes("more than 100000 values, aliases counted"))).toBe(true)
  })
})
