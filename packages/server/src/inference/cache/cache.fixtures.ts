// Questions, answers and an embedding for the tests of the answer cache.
import type { Clock, JsonObject } from "../../core/index.ts"
import type { QuestionEmbedding } from "./cache.ts"
import type { AnswerCache, CachedAnswer, CacheFinding, CachePolicy, CacheQuestion } from "./types.ts"

export const hour = 3_600_000

export const testPolicy: CachePolicy = {
  mode: "exact",
  scope: "principal",
  ttlMs: hour,
  similarityMin: 0.9,
  temperatureMax: Infinity,
}

export function asked(text: string, part: Partial<Omit<CacheQuestion, "policy">> = {}, policy: Partial<CachePolicy> = {}): CacheQuestion {
  const body: JsonObject = { model: "fast", messages: [{ role: "user", content: text }] }
  return {
    projectId: "proj_a",
    principal: "key_a",
    user: null,
    dialect: "chat",
    model: "fast",
    stream: false,
    usageAsked: false,
    body,
    policy: { ...testPolicy, ...policy },
    read: true,
    ageMsMax: hour,
    ...part,
  }
}

export function answered(...frames: string[]): CachedAnswer {
  const facts = { deployment: "fake/m", inputTokens: 10, outputTokens: 5, costMicroUsd: 20, costKnown: true }
  return { frames: frames.map((frame) => Buffer.from(frame)), facts }
}

const never = new AbortController().signal

export async function find(cache: AnswerCache, question: CacheQuestion, signal = never): Promise<CacheFinding> {
  return await cache.find(question, signal)
}

/** Asks, and answers a miss: what a gateway does. */
export async function ask(cache: AnswerCache, question: CacheQuestion, answer: CachedAnswer): Promise<CacheFinding> {
  const finding = await find(cache, question)
  if (finding.kind === "miss") finding.store(answer)
  return finding
}

export function textOf(finding: CacheFinding): string | undefined {
  return "frames" in finding ? finding.frames.map(String).join("") : undefined
}

/** A clock that only a test moves. */
export function testClock(): Clock & { now: () => number; pass(ms: number): void } {
  let at = 1_800_000_000_000
  return { now: () => at, monotonic: () => at, pass: (ms) => void (at += ms) }
}

/** The letters of a text, counted: texts with nearly the same words are near to each other. */
export function letterEmbedding(part: Partial<QuestionEmbedding> = {}): QuestionEmbedding & { texts: string[] } {
  const texts: string[] = []
  const embed: ReturnType<QuestionEmbedding["embedAs"]> = async (all) => {
    texts.push(...all)
    return all.map((text) => {
      const counts = new Float32Array(26)
      for (const letter of text.toLowerCase().match(/[a-z]/g) ?? []) counts[letter.charCodeAt(0) - 97]! += 1
      const length = Math.hypot(...counts) || 1
      return counts.map((count) => count / length)
    })
  }
  return { model: "letters", embedAs: () => embed, readsWhole: () => true, texts, ...part }
}
