// Tests of the word side of retrieval: stems, terms of several scripts, BM25 against its definition, filters, fusion.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { analyze, countTerms, questionTerms } from "./analyze.ts"
import { scoreWords } from "./bm25.ts"
import { matches, parseFilter } from "./filters.ts"
import { parametersOf } from "./lanes.ts"
import { languageMark } from "./languages.ts"
import { stem } from "./porter.ts"
import { packParts } from "./index-entry.ts"
import { ScopeWords } from "./scope-words.ts"
import { hashedTerm } from "./term-hash.ts"

describe("stems", () => {
  it("are those of Porter's paper", () => {
    const examples =
      "caresses caress ponies poni agreed agre plastered plaster motoring motor conflated conflat sized size hopping hop falling fall filing file happy happi " +
      "relational relat conditional condit digitizer digit vietnamization vietnam predication predic operator oper hopefulness hope sensibiliti sensibl " +
      "triplicate triplic formalize formal electrical electr revival reviv airliner airlin adjustable adjust replacement replac adoption adopt probate probat " +
      "cease ceas controll control roll roll generalizations gener oscillators oscil sky sky"
    const words = examples.split(" ")
    for (let index = 0; index < words.length; index += 2) expect(stem(words[index] ?? "")).toBe(words[index + 1])
  })
})

describe("terms", () => {
  it("are folded, stemmed and freed of stop words", () => {
    expect(analyze("The Cafés were RUNNING, 42 times")).toEqual(["cafe", "run", "42", "time"])
  })

  it("of Chinese and Japanese are pairs of characters, so that a word is found inside a sentence", () => {
    const document = new Set(analyze("東京は日本の首都です"))
    expect(analyze("首都").every((term) => document.has(term))).toBe(true)
    expect(analyze("大阪").some((term) => document.has(term))).toBe(false)
  })

  it("of several languages meet those of a question in the same language, whatever the ending", () => {
    const pairs = [
      ["Ana vive en Sevilla con sus hermanos.", "¿Dónde viven los hermanos de Ana?", "herman"],
      ["Claire a déménagé à Lyon.", "Quand est-ce que Claire déménage ?", "demenag"],
      ["Jonas hat zwei Häuser gekauft.", "Welches Haus hat Jonas?", "haus"],
      ["Анна купила новые книги.", "Какую книгу купила Анна?", "книг"],
      ["قرأت مريم الكتاب أمس.", "أي كتاب قرأت مريم؟", "كتاب"],
    ]
    for (const [document = "", question = "", term = ""] of pairs) {
      expect(analyze(document)).toContain(term)
      expect(questionTerms(question, new Set()).flat()).toContain(term)
    }
  })

  it("say in which language a text is, unless it is English, at no weight", () => {
    const { frequencies, length } = countTerms("Jonas ist nach Hamburg gezogen.")
    expect(frequencies.get(languageMark("de"))).toBe(0)
    expect(length).toBe([...frequencies.values()].reduce((sum, count) => sum + count, 0))
    expect([...countTerms("Jonas moved to Hamburg.").frequencies.values()]).not.toContain(0)
    expect(countTerms("der die das").frequencies.size).toBe(0)
  })

  it("lose what an apostrophe cuts off, but not a letter that stands for itself", () => {
    expect(analyze("the dog's T cells, don't")).toEqual(["dog", "t", "cell", "don"])
  })

  it("of right-to-left text do not depend on marks of direction", () => {
    expect(analyze("\u200fשלום\u200e עולם")).toEqual(analyze("שלום עולם"))
    expect(analyze("كـــتاب")).toEqual(analyze("كتاب"))
  })

  it("of Arabic and Hebrew do not depend on vowel marks", () => {
    expect(analyze("مُحَمَّد")).toEqual(analyze("محمد"))
    expect(analyze("שָׁלוֹם")).toEqual(analyze("שלום"))
  })

  it("leave out runs that are no words", () => {
    expect(analyze(`key ${"a1".repeat(64)} end`)).toEqual(["kei", "end"])
  })
})

describe("BM25", () => {
  const texts = fc.array(fc.array(fc.constantFrom("apple", "pear", "plum", "fig", "kiwi"), { maxLength: 12 }), {
    minLength: 1,
    maxLength: 12,
  })

  it("scores each part as the formula says", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.constantFrom("apple", "pear", "quince"), { minLength: 1, maxLength: 3 }), (documents, query) => {
        const repetitions = countTerms(query.join(" ")).frequencies
        const terms = [...repetitions].map(([term, weight]) => ({ term: hashedTerm(key, term), weight }))
        const words = indexOf(documents.map((each) => each.join(" ")))
        const { scores, ceilings } = scoreWords(words, terms, parametersOf(["document"]))
        documents.forEach((own, index) => {
          const expected = naive(documents, own, query)
          expect(scores[index]).toBeCloseTo(expected, 9)
          expect(expected).toBeLessThanOrEqual((ceilings.get("document") ?? 0) + 1e-9)
        })
      }),
    )
  })

  function naive(documents: string[][], words: string[], query: string[]): number {
    const average = documents.reduce((total, other) => total + other.length, 0) / documents.length
    return query.reduce((total, word) => {
      const frequency = words.filter((other) => other === word).length
      const containing = documents.filter((other) => other.includes(word)).length
      const idf = Math.log(1 + (documents.length - containing + 0.5) / (containing + 0.5))
      return total + (idf * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * words.length) / Math.max(average, 1)))
    }, 0)
  }

  const key = new Uint8Array(32)

  function indexOf(documents: string[]): ScopeWords {
    const parts = documents.map(countTerms).map(({ frequencies, length }) => ({ terms: frequencies, length }))
    const { length, ...packed } = packParts(key, parts)
    const words = new ScopeWords(1)
    const delta = { lane: "document", version: 1, place: 0, session: 0, speaker: 0, ...packed }
    const nothing = { removals: [], places: [], segments: [] }
    const scope = { version: 1, generation: 1, places: documents.length }
    words.apply({ scope, lanes: [{ lane: "document", parts: documents.length, length }], deltas: [delta], ...nothing }, [])
    return words
  }
})

describe("filters", () => {
  const file = { lang: "en", year: 2024, draft: false }

  it("compare by type and nest", () => {
    const filter = parseFilter({
      type: "and",
      filters: [
        { type: "eq", key: "lang", value: "en" },
        {
          type: "or",
          filters: [
            { type: "gt", key: "year", value: 2024 },
            { type: "in", key: "year", value: [2023, 2024] },
          ],
        },
        { type: "ne", key: "draft", value: true },
      ],
    })
    expect(matches(filter, file)).toBe(true)
    expect(matches(filter, { ...file, year: 2022 })).toBe(false)
  })

  it("never order values of different types or a missing one", () => {
    expect(matches({ type: "gt", key: "year", value: "2000" }, file)).toBe(false)
    expect(matches({ type: "lte", key: "pages", value: 10 }, file)).toBe(false)
    expect(matches({ type: "nin", key: "pages", value: [10] }, file)).toBe(true)
  })

  it("that are malformed are refused with their place", () => {
    expect(() => parseFilter({ type: "and", filters: [{ type: "like", key: "a", value: "b" }] })).toThrow(
      expect.objectContaining({ code: "invalid_request", param: "filters.filters[0].type" }),
    )
    const deep = Array.from({ length: 50 }).reduce<object>((inner) => ({ type: "and", filters: [inner] }), {
      type: "eq",
      key: "a",
      value: 1,
    })
    expect(() => parseFilter(deep)).toThrow(/nested deeper/)
  })
})
