// Golden fixtures of vectors and ranks: what is asked of each provider that makes them, and what is read from its answers.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { providerTypeNames } from "../../config/index.ts"
import type { JsonObject } from "../../core/index.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../testing/openai-schema.ts"
import type { Deployment } from "../types.ts"
import { UpstreamError } from "../upstream-error.ts"
import { deploymentOf } from "./golden.fixtures.ts"
import { dialectOf } from "./index.ts"
import { plainRerank } from "./plain-rerank.ts"
import type { EmbeddingsCall, ProviderRequest, RerankCall } from "./port.ts"

/** `<dialect>/vector-fixtures/<provider>-<case>.json`: a call, the requests that it becomes, their answers, and what is read from them. */
interface VectorFixture {
  name: string
  about: string
  /** Pages that the bytes were written from, by hand. None was recorded from a real call. */
  source: readonly string[]
  provider: string
  model: string
  dialect?: "chat" | "responses"
  settings?: JsonObject
  embeddings?: Partial<EmbeddingsCall>
  rerank?: Partial<RerankCall>
  requests: readonly { path: string; body: JsonObject }[]
  answers: readonly JsonObject[]
  becomes: JsonObject
}

function readFixtures(): VectorFixture[] {
  return readdirSync(import.meta.dirname).flatMap((dialect) => {
    const folder = join(import.meta.dirname, dialect, "vector-fixtures")
    if (!existsSync(folder)) return []
    return readdirSync(folder).map((file) => {
      const fixture = JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<VectorFixture, "name">
      return { name: `${dialect}: ${file.replace(/\.json$/, "")}`, ...fixture }
    })
  })
}

const fixtures = readFixtures()

function requestsOf({ embeddings, rerank }: VectorFixture, deployment: Deployment): readonly ProviderRequest[] {
  const dialect = dialectOf(deployment)
  if (embeddings) {
    const call = { texts: [], dimensions: null, purpose: null, user: null, ...embeddings }
    return dialect.embeddings?.requests(call, deployment) ?? []
  }
  const call = { query: "", documents: [], resultsMax: null, tokensPerDocumentMax: null, ...rerank }
  return [(dialect.rerank ?? plainRerank).request(call, deployment)]
}

function readAnswers({ embeddings, answers }: VectorFixture, deployment: Deployment): unknown {
  const dialect = dialectOf(deployment)
  if (!embeddings) return (dialect.rerank ?? plainRerank).read(answers[0] ?? {}, deployment)
  const read = answers.map((answer) => dialect.embeddings?.read(answer, deployment))
  const counts = read.map((each) => each?.inputTokens ?? null)
  const inputTokens = counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0)
  return { vectors: read.flatMap((each) => each?.vectors), inputTokens }
}

/** Whoever asks compares the counts; what cannot be read at all is thrown. */
function countRead(fixture: VectorFixture, deployment: Deployment): number {
  try {
    const read = readAnswers(fixture, deployment) as { vectors?: unknown[]; results?: unknown[] }
    return (read.vectors ?? read.results ?? []).length
  } catch (error) {
    if (error instanceof UpstreamError) return 0
    throw error
  }
}

describe("golden fixtures of vectors and ranks", () => {
  it.each(fixtures)("$name become exactly these requests", (fixture) => {
    expect(fixture.source.length).toBeGreaterThan(0)
    const requests = requestsOf(fixture, deploymentOf(fixture))
    expect(requests.map(({ path, body }) => ({ path, body: JSON.parse(body) as unknown }))).toEqual(fixture.requests)
  })

  it.each(fixtures)("$name are read from these answers", (fixture) => {
    expect(readAnswers(fixture, deploymentOf(fixture))).toEqual(fixture.becomes)
  })

  it.each(fixtures)("$name: an answer that lacks what was asked for is refused", (fixture) => {
    const deployment = deploymentOf(fixture)
    for (const answer of [{}, { results: [{}] }, { data: [{ index: 0 }] }, { embeddings: [{}] }])
      expect(countRead({ ...fixture, answers: [answer] }, deployment)).toBe(0)
  })
})

describe.skipIf(openAiSchemaMissing)("OpenAI's fixtures of vectors", () => {
  const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined

  it.each(fixtures.filter(({ provider }) => provider === "openai"))("$name are what OpenAI describes", ({ requests, answers }) => {
    for (const { body } of requests) expect(schema?.problems("CreateEmbeddingRequest", body)).toEqual([])
    for (const answer of answers) expect(schema?.problems("CreateEmbeddingResponse", answer)).toEqual([])
  })
})

/** Why a provider has no fixture. */
const reasons: Readonly<Record<string, string>> = {
  "anthropic embeddings": "it makes no vectors",
  "groq embeddings": "it makes no vectors",
  "deepseek embeddings": "it makes no vectors",
  "xai embeddings": "it makes no vectors",
  "ai-sdk embeddings": "packages are called as functions: ai-sdk/model.test.ts",
  "openai rerank": "it ranks no documents",
  "azure rerank": "it ranks no documents",
  "anthropic rerank": "it ranks no documents",
  "gemini rerank": "it ranks no documents",
  "vertex rerank": "its ranking is a service of its own, which is not asked",
  "mistral rerank": "it ranks no documents",
  "groq rerank": "it ranks no documents",
  "deepseek rerank": "it ranks no documents",
  "xai rerank": "it ranks no documents",
  "fireworks rerank": "as openai-compatible",
  "openrouter rerank": "as openai-compatible",
  "ollama rerank": "it ranks no documents",
  "sglang rerank": "as openai-compatible",
  "tgi rerank": "Text Embeddings Inference has a form of its own, which is not asked",
  "lmstudio rerank": "it ranks no documents",
  "ai-sdk rerank": "packages are called as functions: ai-sdk/model.test.ts",
}

it("every provider has a fixture of vectors and one of ranks, or a reason", () => {
  const cells = providerTypeNames.flatMap((provider) => (["embeddings", "rerank"] as const).map((does) => ({ provider, does })))
  const empty = cells.filter(({ provider, does }) => !fixtures.some((each) => each.provider === provider && each[does] !== undefined))
  expect(empty.map(({ provider, does }) => `${provider} ${does}`).toSorted()).toEqual(Object.keys(reasons).toSorted())
})
