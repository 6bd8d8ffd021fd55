// Tests of the schema itself: its JSON form, what discovery may read, and that every limit can be set.
import { Ajv2020 } from "ajv/dist/2020.js"
import { expect, test } from "vitest"
import { defaultLimits } from "../core/index.ts"
import { configJsonSchema, defineConfig, didYouMean, readEnvironment } from "./index.ts"
import { schemaAt } from "./paths.ts"
import { configSchema } from "./schema.ts"

test("the JSON Schema accepts a right file and refuses a misspelt one", () => {
  const validate = new Ajv2020({ strict: false }).compile(configJsonSchema())
  expect(validate({ server: { port: 1 }, models: { fast: { deployments: [{ provider: "openai", model: "m" }] } } })).toBe(true)
  expect(validate({ server: { prot: 1 } })).toBe(false)
  expect(validate({ workflows: [] })).toBe(false)
})

test("every named limit can be set, and its default lies within its bounds", () => {
  for (const [name, value] of Object.entries(defaultLimits)) {
    const node = schemaAt(["limits", name])
    expect({ name, isBounded: (node?.minimum ?? Infinity) <= value && value <= (node?.maximum ?? -Infinity) }).toEqual({
      name,
      isBounded: true,
    })
  }
})

test("defineConfig gives back what it gets, and the schema takes it", () => {
  const config = defineConfig({ server: { port: 1 }, logging: { level: "warn" } })
  expect(configSchema.parse(config).logging).toEqual({ level: "warn", content: false })
})

test("discovery sees the keys of known providers as secrets, and where Ollama listens", () => {
  const environment = readEnvironment({
    OPENAI_API_KEY: "hush",
    ANTHROPIC_API_KEY: "",
    OLLAMA_HOST: "0.0.0.0",
    NO_COLOR: "1",
    HOME: "/root",
  })
  expect(environment.providerKeys.map(({ provider, variable }) => [provider, variable])).toEqual([["openai", "OPENAI_API_KEY"]])
  expect(environment.providerKeys[0]?.key.reveal()).toBe("hush")
  expect(environment).toMatchObject({ ollamaUrl: "http://127.0.0.1:11434", noColour: true, ci: false })
  expect(JSON.stringify(environment)).not.toContain("hush")
})

test("a guess is made for words near a known one, and costs nothing for those that cannot be near", () => {
  expect(["fast-modle", "fastmodel", "x", ""].map((word) => didYouMean(word, ["fast-model", "slow"]))).toEqual([
    "fast-model",
    "fast-model",
    undefined,
    undefined,
  ])
  // A model name of a request can be as long as its body; the whole table of distances would not fit into memory.
  expect(didYouMean("a".repeat(30_000_000), ["fast-model"])).toBeUndefined()
})
