// Providers in the configuration: types, addresses, keys, and settings that fit the type and no other.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { ConfigError, formatProblem, loadConfig, printConfig, readEnvironment, type LoadedConfig } from "./index.ts"

const root = mkdtempSync(join(tmpdir(), "perdure-providers-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function load(yaml: string, env: Record<string, string> = {}): Promise<LoadedConfig> {
  writeFileSync(join(root, "perdure.yaml"), yaml)
  return loadConfig({ cwd: root, env })
}

async function problemsOf(yaml: string, env: Record<string, string> = {}): Promise<string[]> {
  const error: unknown = await load(yaml, env).catch((thrown: unknown) => thrown)
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`)
  return error.problems.map((problem) => formatProblem(problem).replace(/:\d+ {2}/, "  "))
}

describe("a provider's type, address and key", () => {
  it.each([
    ["groq: {}", { GROQ_API_KEY: "k" }, "groq", "https://api.groq.com/openai/v1", "k"],
    ["fast: { type: groq, apiKey: { env: MINE } }", { MINE: "m", GROQ_API_KEY: "k" }, "groq", "https://api.groq.com/openai/v1", "m"],
    ["x: { baseUrl: https://api.openai.com/v1/, apiKey: none }", {}, "openai", "https://api.openai.com/v1", "none"],
    ["x: { baseUrl: https://api.example.com/v1 }", {}, "openai-compatible", "https://api.example.com/v1", undefined],
    ["groq: { baseUrl: http://10.0.0.5/v1 }", { GROQ_API_KEY: "k" }, "groq", "http://10.0.0.5/v1", undefined],
    ["anthropic: { baseUrl: http://proxy:1 }", { ANTHROPIC_API_KEY: "k" }, "anthropic", "http://proxy:1/v1", undefined],
    ["azure: { baseUrl: https://mine.openai.azure.com }", {}, "azure", "https://mine.openai.azure.com", undefined],
    ["vllm: { baseUrl: http://10.0.0.5:8000/v1 }", {}, "vllm", "http://10.0.0.5:8000/v1", undefined],
    ["openai: { baseUrl: http://10.0.0.5:8000/v1 }", { OPENAI_API_KEY: "k" }, "openai-compatible", "http://10.0.0.5:8000/v1", undefined],
    ["groq: { baseUrl: https://api.mistral.ai/v1, apiKey: m }", {}, "mistral", "https://api.mistral.ai/v1", "m"],
    ["c: { type: cohere }", { COHERE_API_KEY: "old", CO_API_KEY: "new" }, "cohere", "https://api.cohere.com", "new"],
    ["a: { type: anthropic, baseUrl: http://proxy:1/ }", {}, "anthropic", "http://proxy:1/v1", undefined],
    ["a: { baseUrl: https://api.anthropic.com, apiKey: k }", {}, "anthropic", "https://api.anthropic.com/v1", "k"],
    ["o: { type: ollama }", {}, "ollama", "http://127.0.0.1:11434/v1", undefined],
    [
      "v: { type: vertex, settings: { project: p1, location: europe-west1 } }",
      {},
      "vertex",
      "https://europe-west1-aiplatform.googleapis.com/v1/projects/p1/locations/europe-west1",
      undefined,
    ],
    [
      "v: { type: vertex, settings: { project: p1, location: global } }",
      {},
      "vertex",
      "https://aiplatform.googleapis.com/v1/projects/p1/locations/global",
      undefined,
    ],
    [
      "b: { type: bedrock, settings: { region: eu-central-1 } }",
      {},
      "bedrock",
      "https://bedrock-runtime.eu-central-1.amazonaws.com",
      undefined,
    ],
  ])("of { %s } with %j are %s at %s", async (provider, env, type, baseUrl, key) => {
    const { config } = await load(`providers: { ${provider} }`, env)
    const [declared] = Object.values(config.providers)
    expect(declared).toMatchObject({ type, baseUrl })
    expect(declared?.apiKey?.reveal()).toBe(key)
  })

  it("has its settings and headers, secret ones by reference, which printing does not show", async () => {
    const loaded = await load(
      `providers:
  aws:
    type: bedrock
    settings: { region: eu-central-1, accessKeyId: { env: ID }, secretAccessKey: { env: SECRET } }
  own:
    baseUrl: http://10.0.0.5/v1
    settings: { headers: { X-Team: search, X-Token: { env: TOKEN } } }
`,
      { ID: "AKIA-very-secret", SECRET: "s3cr3t-value", TOKEN: "t0ken-value" },
    )
    const { aws, own } = loaded.config.providers
    expect(aws?.settings.region).toBe("eu-central-1")
    expect(aws?.settings.secretAccessKey).toMatchObject({ origin: "env SECRET" })
    expect(own?.headers["x-token"]?.reveal()).toBe("t0ken-value")
    expect(own?.headers["x-team"]?.reveal()).toBe("search")
    const printed = JSON.stringify(printConfig(loaded))
    expect(printed).not.toMatch(/very-secret|s3cr3t|t0ken/)
    expect(printed).toContain("[secret: env TOKEN]")
  })

  it("has the variables that its cloud's credentials come from, as secrets, unless it has a key", async () => {
    const variables = { AWS_ROLE_ARN: "arn:aws:iam::1:role/pod", AWS_SESSION_TOKEN: "t0ken-value", OTHER: "x" }
    const yaml = "providers: { b: { type: bedrock, settings: { region: eu-central-1, profile: work } } }"
    const loaded = await load(yaml, variables)
    expect(Object.keys(loaded.config.providers["b"]?.variables ?? {})).toEqual(["AWS_SESSION_TOKEN", "AWS_ROLE_ARN"])
    expect(JSON.stringify(printConfig(loaded))).not.toMatch(/t0ken/)
    const keyed = await load(yaml, { ...variables, AWS_BEARER_TOKEN_BEDROCK: "k" })
    expect(keyed.config.providers["b"]?.variables).toEqual({})
  })

  it.each([
    [
      "a type that does not exist",
      "x: { type: grok }",
      [
        'perdure.yaml:1  providers.x.type  "grok" is not one of the values  allowed: openai, azure, anthropic, gemini, vertex, bedrock, mistral, cohere, groq, deepseek, xai, together, fireworks, openrouter, ollama, vllm, sglang, tgi, llamacpp, lmstudio, openai-compatible, ai-sdk  did you mean groq?',
      ],
    ],
    [
      "no key for a provider that wants one",
      "x: { type: groq }",
      ["perdure.yaml:1  providers.x.apiKey  required but missing  allowed: { env: NAME } or { file: path }  or set GROQ_API_KEY"],
    ],
    [
      "no address where there is no usual one",
      "x: { type: vllm }",
      ["perdure.yaml:1  providers.x.baseUrl  required but missing  allowed: an address such as https://api.example.com/v1"],
    ],
    [
      "a setting of another type",
      "x: { type: azure, baseUrl: https://r.openai.azure.com, settings: { region: eu } }",
      [
        'perdure.yaml:1  providers.x.settings.region  azure has no setting "region"  allowed: headers, apiVersion, tenantId, clientId, clientSecret, federatedTokenFile',
      ],
    ],
    [
      "a misspelt setting",
      "x: { type: azure, baseUrl: https://r.openai.azure.com, settings: { apiVersoin: 2024-10-21 } }",
      [
        'perdure.yaml:1  providers.x.settings.apiVersoin  unknown key "apiVersoin"  allowed: headers, options, apiVersion, organization, project, location, region, credentials, tenantId, clientId, clientSecret, federatedTokenFile, accessKeyId, secretAccessKey, sessionToken, profile, roleArn, externalId, roleSessionName, webIdentityTokenFile, package, factory  did you mean apiVersion?',
      ],
    ],
    [
      "a setting that is needed",
      "x: { type: vertex, settings: { project: p } }",
      ["perdure.yaml:1  providers.x.settings.location  required but missing  vertex needs it"],
    ],
    [
      "options where none are taken",
      "x: { type: cohere, apiKey: k, settings: { options: { a: 1 } } }",
      ["perdure.yaml:1  providers.x.settings.options  cohere takes no options  allowed: options of ai-sdk"],
    ],
    [
      "a secret in an option",
      "x: { type: ai-sdk, settings: { package: p, options: { apiToken: sk-1234567890abcdefghij } } }",
      [
        "perdure.yaml:1  providers.x.settings.options.apiToken  a secret is written into the file  allowed: { env: NAME } or { file: path }  move it to the environment or a file; only perdure dev lets it through",
      ],
    ],
    [
      "a secret in a header",
      "x: { type: vllm, baseUrl: http://h/v1, settings: { headers: { authorization: sk-1234567890abcdefghij } } }",
      [
        "perdure.yaml:1  providers.x.settings.headers.authorization  a secret is written into the file  allowed: { env: NAME } or { file: path }  move it to the environment or a file; only perdure dev lets it through",
      ],
    ],
  ])("refuses %s", async (_, provider, problems) => {
    expect(await problemsOf(`providers: { ${provider} }`)).toEqual(problems)
  })
})

describe("keys in the environment", () => {
  it("are found under each provider's usual variable, the preferred one first", () => {
    const found = readEnvironment({
      GOOGLE_API_KEY: "g",
      GEMINI_API_KEY: "",
      XAI_API_KEY: "x",
      CO_API_KEY: "c",
      COHERE_API_KEY: "d",
    }).providerKeys
    expect(found.map(({ provider, variable, key }) => [provider, variable, key.reveal()])).toEqual([
      ["gemini", "GOOGLE_API_KEY", "g"],
      ["cohere", "CO_API_KEY", "c"],
      ["xai", "XAI_API_KEY", "x"],
    ])
  })

  it("come with the address that the environment states for OpenAI and Anthropic", () => {
    const found = readEnvironment({ OPENAI_API_KEY: "o", OPENAI_BASE_URL: "http://h/v1", ANTHROPIC_API_KEY: "a" }).providerKeys
    expect(found.map(({ provider, baseUrl }) => [provider, baseUrl])).toEqual([
      ["openai", "http://h/v1"],
      ["anthropic", null],
    ])
  })
})
