// What every reranker does, tried on each: the token vectors of the bundled model, and a model behind HTTP.
import { maxSim, openMiniLm } from "@perdure/minilm"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rankedByWords } from "../../testing/fake-rerank-answers.ts"
import { createTextReranker, createTokenReranker, type RerankCandidate, type Reranker, type RerankQuestion } from "./reranker.ts"

interface Tried extends AsyncDisposable {
  reranker: Reranker
  question(text: string): Promise<RerankQuestion>
  candidate(key: string, text: string): Promise<RerankCandidate>
}

async function byTokens(): Promise<Tried> {
  const minilm = await openMiniLm()
  const read = async (text: string) => (text === "" ? undefined : (await minilm.embedPassages([{ text }]))[0]?.tokens)
  return {
    reranker: createTokenReranker(maxSim),
    question: async (text) => ({ text, tokens: await read(text) }),
    candidate: async (key, text) => ({ key, text, tokens: (await read(text))?.vectors }),
    [Symbol.asyncDispose]: () => minilm[Symbol.asyncDispose](),
  }
}

async function overHttp(): Promise<Tried> {
  const provider = await startFakeProvider(rankedByWords)
  const rank = async (query: string, documents: readonly string[], signal: AbortSignal): Promise<{ index: number; score: number }[]> => {
    const body = JSON.stringify({ model: "m", query, documents })
    const answer = await fetch(`${provider.url}/rerank`, { method: "POST", headers: { "content-type": "application/json" }, body, signal })
    const { results } = (await answer.json()) as { results: { index: number; relevance_score: number }[] }
    return results.map(({ index, relevance_score: score }) => ({ index, score }))
  }
  return {
    reranker: createTextReranker(rank),
    question: (text) => Promise.resolve({ text, tokens: undefined }),
    candidate: (key, text) => Promise.resolve({ key, text, tokens: undefined }),
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  }
}

describe.each([
  ["token vectors", byTokens],
  ["a model over HTTP", overHttp],
] as const)("reranking by %s", (_name, open) => {
  let tried: Tried
  beforeAll(async () => {
    tried = await open()
  }, 120_000)
  afterAll(() => tried[Symbol.asyncDispose]())
  const signal = AbortSignal.timeout(60_000)

  it("scores what answers above what does not, wherever it stands", async () => {
    const texts = ["The weather was fine", "My boat lies in the harbour of Bergen", "She paints flowers", "I bought bread"]
    for (const order of [texts, texts.toReversed()]) {
      const candidates = await Promise.all(order.map((text) => tried.candidate(text, text)))
      const scores = await tried.reranker.scores(await tried.question("In which harbour lies the boat?"), candidates, signal)
      const best = [...scores].sort(([, a], [, b]) => b - a)[0]?.[0]
      expect(best).toBe("My boat lies in the harbour of Bergen")
    }
  })

  it("gives scores to no other key than those of its candidates, and none to what it cannot read", async () => {
    const candidates = [await tried.candidate("a", "The harbour"), await tried.candidate("b", ""), await tried.candidate("c", "A boat")]
    const scores = await tried.reranker.scores(await tried.question("the boat"), candidates, signal)
    expect(new Set(scores.keys())).toEqual(new Set(["a", "c"]))
    expect(await tried.reranker.scores(await tried.question("the boat"), [], signal)).toEqual(new Map())
  })

  it("ends when it is told to", async () => {
    const candidates = [await tried.candidate("a", "The harbour")]
    const question = await tried.question("the boat")
    const asked = async (): Promise<unknown> => tried.reranker.scores(question, candidates, AbortSignal.abort(new Error("enough")))
    await expect(asked()).rejects.toThrow("enough")
  })
})
