// Tests of what surrounds a message: the messages before it, who said it, and the session it stands in.
import { describe, expect, it } from "vitest"
import { packParts } from "./index-entry.ts"
import { scoreSessions } from "./sessions.ts"
import { ScopeWords } from "./scope-words.ts"
import { speakersIn } from "./speakers.ts"
import { hashedTerm, nameHash } from "./term-hash.ts"
import { weightedTerms } from "./window.ts"

const key = new Uint8Array(32)

describe("the terms of a message", () => {
  it("are its own in full, and in part those of the two messages before it", () => {
    const { terms, length } = weightedTerms("In May.", ["When do you move to Lisbon?", "Lisbon is sunny.", "An older message."])
    expect(terms.get("mai")).toBe(1)
    expect(terms.get("move")).toBeCloseTo(0.7)
    expect(terms.get("lisbon")).toBeCloseTo(1)
    expect(terms.has("older")).toBe(false)
    expect(length).toBeCloseTo([...terms.values()].reduce((sum, weight) => sum + weight, 0))
  })

  it("are those of the text alone where nothing came before", () => {
    expect(weightedTerms("a red bicycle")).toEqual(weightedTerms("a red bicycle", []))
    expect(weightedTerms("", "something before").terms.get("someth")).toBeCloseTo(0.7)
  })
})

describe("speakers", () => {
  const speakers = new Set(["Ana", "Anna Maria Ruiz", "太郎", "Ömer"].map((name) => nameHash(key, name)))
  const named = (text: string): string => speakersIn(text, speakers, key).text

  it("that a query names are found whatever the case, with possessives, in several words and scripts", () => {
    expect(named("What did ANA’s sister say?")).toBe("What did sister say?")
    expect(named("Did Anna Maria Ruiz call?")).toBe("Did call?")
    expect(named("ömer' in evi nerede")).toBe("in evi nerede")
    expect(speakersIn("Ana and Ömer", speakers, key).hashes.size).toBe(2)
  })

  it("are not found inside other words, and a query of nothing but a name stays", () => {
    expect(named("The banana of Anatole")).toBe("The banana of Anatole")
    expect(named("Ana?")).toBe("Ana?")
  })
})

describe("sessions", () => {
  function scope(messages: { session: number; text: string }[]): ScopeWords {
    const words = new ScopeWords(1)
    const deltas = messages.map(({ session, text }, place) => {
      const { terms, length } = weightedTerms(text)
      const packed = packParts(key, [{ terms, length }])
      return { lane: "user", version: place + 1, place, session, speaker: 0, lengths: packed.lengths, postings: packed.postings }
    })
    const changes = { lanes: [], deltas, removals: [], places: [], segments: [] }
    words.apply({ ...changes, scope: { version: messages.length, generation: 1, places: messages.length } }, [])
    return words
  }

  it("rank by all that was said in them, the best at 1; a place without one has none", () => {
    const words = scope([
      { session: 7, text: "we bought a boat" },
      { session: 7, text: "the boat is blue" },
      { session: 8, text: "a boat once" },
      { session: 8, text: "dinner was late and long and good" },
      { session: 0, text: "boat" },
    ])
    const score = scoreSessions(words, [{ term: hashedTerm(key, "boat"), weight: 1 }], new Set(["user"]))
    expect(score(0)).toBe(1)
    expect(score(1)).toBe(1)
    expect(score(2)).toBeGreaterThan(0)
    expect(score(2)).toBeLessThan(1)
    expect(score(3)).toBe(score(2))
    expect(score(4)).toBeUndefined()
  })

  it("count only what is in the lanes that are searched", () => {
    const words = scope([{ session: 7, text: "boat" }])
    expect(scoreSessions(words, [{ term: hashedTerm(key, "boat"), weight: 1 }], new Set(["fact"]))(0)).toBeUndefined()
  })
})
