// The parts of the work after a write that need no database: what a model may say, batches, names, decay, digests.
import { describe, expect, test } from "vitest"
import type { JsonObject } from "../../../core/index.ts"
import { batchesOf } from "./batches.ts"
import { decayFactor, decayFloor } from "./decay.ts"
import { digestOf } from "./digest.ts"
import { extractionQuestion, factsOfAnswer } from "./model-extraction.ts"
import { hashName, resolveName } from "./names.ts"
import type { Message } from "./types.ts"

const saidAt = Date.UTC(2024, 4, 15)
const day = 86_400_000

function message(text: string, more: Partial<Message> = {}): Message {
  return { episodeId: "mem_1", text, speaker: null, lane: "user", saidAt, ...more }
}

describe("a model's answer", () => {
  const said = message("We will meet in Oslo next Monday. My door code is 4711.", { speaker: "Grace" })
  const fact = {
    message: 0,
    quote: "We will meet in Oslo next Monday.",
    subject: "user",
    predicate: "Meeting Place",
    object: "Oslo",
    single: true,
    statement: "Grace will meet in Oslo.",
    kind: "event",
    op: "assert",
    since: "next Monday",
    until: null,
  }
  const read = (...facts: JsonObject[]) => factsOfAnswer(`Here it is: ${JSON.stringify({ facts })}`, [said])

  test("is taken with its quote's place, its speaker as subject, and its times resolved against when it was said", () => {
    expect(read(fact)).toEqual({
      facts: [
        expect.objectContaining({
          subject: "grace",
          predicate: "meeting place",
          object: "Oslo",
          quoteStart: 0,
          quoteEnd: 33,
          kind: "event",
          validFrom: Date.UTC(2024, 4, 20),
        }),
      ],
      refused: { quote: 0, secret: 0, shape: 0, gone: 0 },
    })
  })

  test("is refused where its quote is not in the message verbatim, where it is a secret, where its shape is another", () => {
    const wrong = [
      { ...fact, quote: "We will meet in Oslo on Monday." },
      { ...fact, message: 7 },
      { ...fact, object: "" },
      { ...fact, quote: "My door code is 4711.", predicate: "PIN", object: "4711" },
    ]
    expect(read(...wrong)).toEqual({ facts: [], refused: { quote: 1, secret: 1, shape: 2, gone: 0 } })
  })

  test("that is no JSON, or has no list, is an error", () => {
    expect(() => factsOfAnswer("Sorry, no.", [said])).toThrow("JSON")
    expect(() => factsOfAnswer("{}", [said])).toThrow("no list of facts")
  })

  test("is not asked about what a message repeats from memory", () => {
    const { text } = extractionQuestion([message('<memory id="m">Ada lives in Rome.</memory> And I like tea.')])
    expect(text).not.toContain("Rome")
    expect(text).toContain("I like tea.")
  })
})

test("messages of two levels, sessions, payers or keys are never in one batch, and batches are bounded", () => {
  const one = { integrity: 3, principal: "p", keyId: "k", session: "s", tokens: 100 }
  const alike = Array.from({ length: 20 }, () => one)
  expect(batchesOf(alike).map((batch) => batch.length)).toEqual([16, 4])
  for (const other of [{ integrity: 0 }, { principal: "q" }, { keyId: "l" }, { session: null }]) {
    expect(batchesOf([one, { ...one, ...other }, one])).toHaveLength(3)
  }
  expect(batchesOf([{ ...one, tokens: 9_000 }, one]).map((batch) => batch.length)).toEqual([1, 1])
})

describe("a name", () => {
  const key = new Uint8Array(32).fill(7)
  const known = ["Grace Hopper", "Acme", "Jonathan Smith"].map((name, index) => ({ entityId: `ent_${index}`, ...hashName(key, name) }))
  test.each([
    ["grace  HOPPER", "ent_0"],
    ["the Acme", "ent_1"],
    ["Jonathan Smyth", undefined],
    ["Jonathan Smiths", "ent_2"],
    ["Grace", undefined],
    ["Acne", undefined],
  ])("%s is %s", (name, expected) => {
    expect(resolveName(hashName(key, name), known)).toBe(expected)
  })

  test("is told by nothing that is stored of it, without the key", () => {
    const { hash, trigrams } = hashName(key, "Grace Hopper")
    expect(hash).not.toContain("race")
    expect(hashName(new Uint8Array(32), "Grace Hopper")).not.toEqual({ hash, trigrams })
  })
})

test("time lowers a rank to a floor at most, and salience slows it", () => {
  const factors = [0, 90, 400, 40_000].map((age) => decayFactor({ salience: 0.5, at: saidAt - age * day }, saidAt))
  expect(factors).toEqual([...factors].sort((a, b) => b - a))
  expect(factors[0]).toBe(1)
  expect(decayFactor({ salience: 0, at: 0 }, saidAt * 10)).toBeGreaterThanOrEqual(decayFloor)
  expect(decayFactor({ salience: 1, at: 0 }, saidAt)).toBe(1)
})

test("a digest quotes the sentences that say most of a session, in their order, each once, with who said them", () => {
  const talk = [
    "The migration of the billing service to the new cluster starts on Monday.",
    "Good morning everybody, how are you all doing?",
    "For the billing migration we need the new cluster to have forty nodes.",
    "The migration of the billing service to the new cluster starts on Monday!",
    "My cat slept on the keyboard again last night.",
    "Billing runs a dry migration on the cluster before Monday.",
    "Lunch is at noon in the big kitchen today.",
  ].map((text, index) => message(text, { episodeId: `mem_${index}`, speaker: index % 2 === 0 ? "Ada" : "Grace" }))
  const digest = digestOf(talk)
  expect(digest?.text).toContain("Ada: The migration of the billing service")
  expect(digest?.text.match(/starts on Monday/gu)).toHaveLength(1)
  for (const { episodeId, quoteStart, quoteEnd } of digest?.parents ?? []) {
    const quote = talk.find((each) => each.episodeId === episodeId)?.text.slice(quoteStart, quoteEnd) ?? "?"
    expect(digest?.text).toContain(quote)
  }
  expect(digest?.parents.map(({ episodeId }) => episodeId)).toEqual([...(digest?.parents ?? [])].map(({ episodeId }) => episodeId).sort())
  expect(digestOf(talk.slice(0, 3))).toBeUndefined()
})
