// The fake provider's answer to a rerank request in the form of Jina and Cohere: documents by the share of the query's words that they have.
import type { FakeAnswer, ReceivedRequest } from "./fake-provider.ts"
import { jsonAnswer } from "./json-answer.ts"

export function rankedByWords({ body }: ReceivedRequest): FakeAnswer {
  const { query, documents } = body as { query: string; documents: string[] } // what was asked of it
  const asked = wordsOf(query)
  const results = documents.map((text, index) => {
    const had = wordsOf(text)
    return { index, relevance_score: [...asked].filter((word) => had.has(word)).length / Math.max(1, asked.size) }
  })
  results.sort((a, b) => b.relevance_score - a.relevance_score)
  const answer = { model: body["model"], results, usage: { total_tokens: 100 } }
  return jsonAnswer(answer)
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\p{L}+/gu) ?? [])
}
