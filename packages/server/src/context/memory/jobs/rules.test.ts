// What rules read out of sentences, and what they leave alone.
import { describe, expect, test } from "vitest"
import { namedTimes, timeLabel } from "./dates.ts"
import { factsByRules } from "./rules.ts"
import { placeOfQuote } from "./sentences.ts"
import { slotOf, type Message } from "./types.ts"

/** A Wednesday. */
const saidAt = Date.UTC(2024, 4, 15, 18, 30)

function read(text: string, more: Partial<Message> = {}): string[] {
  const message: Message = { episodeId: "mem_1", text, speaker: null, lane: "user", saidAt, ...more }
  return factsByRules(message).map((fact) => {
    expect(text.slice(fact.quoteStart, fact.quoteEnd).trim()).not.toBe("")
    return `${fact.op === "retract" ? "not " : ""}${fact.kind === "event" ? "event" : slotOf(fact)} = ${fact.object}`
  })
}

describe("rules read", () => {
  test.each([
    ["My name is Ada Lovelace.", "user/name = Ada Lovelace"],
    ["Hi, call me Ada!", "user/name = Ada"],
    ["I live in Paris and I work at Acme.", "user/home = Paris|user/employer = Acme"],
    ["I just moved to Berlin last month.", "user/home = Berlin"],
    ["I moved to Bergen in May.", "user/home = Bergen"],
    ["I moved to Bergen in early May last year.", "user/home = Bergen"],
    ["I moved to Bergen at the end of May 2022, and I like it.", "user/home = Bergen"],
    ["I've lived here for long, but I live in Oslo since last March.", "user/home = Oslo"],
    ["I live in Bergen since the summer of 2021.", "user/home = Bergen"],
    ["I relocated to Lima back in 2019.", "user/home = Lima"],
    ["I just moved to May Pen.", "user/home = May Pen"],
    ["I work at August Home since June.", "user/employer = August Home"],
    ["Ich bin im Mai nach Bergen gezogen.", "user/home = Bergen"],
    ["Ich bin nach Bergen im Mai 2022 gezogen.", "user/home = Bergen"],
    ["Ich wohne in Köln seit Anfang März.", "user/home = Köln"],
    ["Ich arbeite bei Siemens seit dem 3. Mai.", "user/employer = Siemens"],
    ["Ich wohne in Graz seit letztem Sommer.", "user/home = Graz"],
    ["Ich bin 3. Ich wohne in Haus 3. Mein Hund mag es.", "user/home = Haus 3"],
    ["J'habite à Lyon depuis mai 2021.", "user/home = Lyon"],
    ["J'ai déménagé à Nantes le mois dernier.", "user/home = Nantes"],
    ["Je travaille chez Renault depuis le 3 mars.", "user/employer = Renault"],
    ["Vivo en Sevilla desde mayo de 2020.", "user/home = Sevilla"],
    ["Me mudé a Quito hace dos años.", "user/home = Quito"],
    ["Trabajo en Repsol desde el año pasado.", "user/employer = Repsol"],
    ["I've recently moved from Rome to New York.", "user/home = New York"],
    ["I no longer live in Paris.", "not user/home = Paris"],
    ["My favorite color is teal.", "user/favourite colour = teal"],
    ["My favourite colour is now green", "user/favourite colour = green"],
    ["I love green tea.", "user/opinion of green tea = likes"],
    ["I don't like green tea anymore.", "user/opinion of green tea = dislikes"],
    ["I prefer tea to coffee", "user/choice between coffee and tea = tea"],
    ["Actually I prefer coffee over tea now.", "user/choice between coffee and tea = coffee"],
    ["I'm allergic to peanuts.", "user/allergy/peanuts = peanuts"],
    ["I'm vegan.", "user/diet = vegan"],
    ["I am a software engineer.", "user/job = software engineer"],
    ["My dog's name is Rex.", "user/dog/rex = Rex"],
    ["my wife is called Grace", "user/wife = Grace"],
    ["Remember that my birthday is 3 May.", "user/birthday = 3 May"],
    ["Anna's birthday is 12 June.", "anna/birthday = 12 June"],
    ["The deadline for Apollo moved to 12 June.", "apollo/deadline = 12 June"],
    ["The budget of Project X is 40k.", "project x/budget = 40k"],
    ["Ich heiße Jürgen.", "user/name = Jürgen"],
    ["Ich wohne jetzt in Köln.", "user/home = Köln"],
    ["Ich mag keinen Kaffee.", "user/opinion of kaffee = dislikes"],
    ["J'habite à Lyon.", "user/home = Lyon"],
    ["Me gusta el café.", "user/opinion of el café = likes"],
    ["Yesterday I bought a bike.", "event = 2024-05-14"],
  ])("%s", (text, expected) => {
    expect(read(text).join("|")).toBe(expected)
  })

  test.each([
    "Do I live in Paris?",
    "If I live in Paris, what do I pay?",
    "He said that I live in Paris.",
    "I like it.",
    "My code is failing.",
    "My password is hunter2.",
    "> I live in Paris.",
    '<memory id="mem_1" level="3">The user: I live in Paris.</memory>',
    "```\nI live in Paris.\n```",
    "I would love a trip to Rome.",
    "What a nice day.",
  ])("nothing out of: %s", (text) => {
    expect(read(text)).toEqual([])
  })

  test("nothing out of an assistant's or a tool's turn", () => {
    expect(read("I live in Paris.", { lane: "assistant" })).toEqual([])
    expect(read("My name is Ada.", { lane: "tool" })).toEqual([])
  })

  test("what a named speaker says is about them", () => {
    expect(read("I live in Paris.", { speaker: "Grace" })).toEqual(["grace/home = Paris"])
  })
})

describe("times", () => {
  test.each([
    ["yesterday", "2024-05-14"],
    ["two days ago", "2024-05-13"],
    ["in a week", "2024-05-22"],
    ["last Monday", "2024-05-13"],
    ["next Wednesday", "2024-05-22"],
    ["until Friday", "2024-05-17"],
    ["3 May", "2024-05-03"],
    ["December 24th", "2023-12-24"],
    ["2 January 2025", "2025-01-02"],
    ["March 2021", "2021-03"],
    ["since 2019", "2019"],
    ["last month", "2024-04"],
    ["next week", "2024-05-20"],
    ["2024-02-29", "2024-02-29"],
  ])("%s, said on 2024-05-15", (text, expected) => {
    expect(namedTimes(`It was ${text}.`, saidAt).map(timeLabel)).toEqual([expected])
  })

  test.each([
    ["I moved in May", "2024-05"],
    ["I moved in June", "2023-06"],
    ["I will move in June", "2024-06"],
    ["I am here until March", "2025-03"],
    ["I am here since December", "2023-12"],
    ["I moved in May last year", "2023-05"],
    ["I may stay, or march on", ""],
    ["Ich bin im Juni umgezogen", "2023-06"],
    ["Ich werde im Juni umziehen", "2024-06"],
    ["am 3. März 2022", "2022-03-03"],
    ["seit 2019", "2019"],
    ["vor zwei Wochen", "2024-05-01"],
    ["letzten Monat", "2024-04"],
    ["übermorgen", "2024-05-17"],
    ["depuis février", "2024-02"],
    ["le 1er août 2023", "2023-08-01"],
    ["l'année dernière", "2023"],
    ["il y a trois jours", "2024-05-12"],
    ["en marzo de 2021", "2021-03"],
    ["el 24 de diciembre", "2023-12-24"],
    ["la semana pasada", "2024-05-06"],
    ["hace un mes", "2024-04-15"],
  ])("%s, said on 2024-05-15, names %s", (text, expected) => {
    expect(namedTimes(text, saidAt).map(timeLabel).join("|")).toBe(expected)
  })

  test("a fact holds from the month in which it began, and until the one in which it ends, in each language", () => {
    const held = (text: string): unknown[] =>
      factsByRules({ episodeId: "e", text, speaker: null, lane: "user", saidAt }).map(({ object, validFrom, validTo }) => [
        object,
        validFrom,
        validTo,
      ])
    for (const text of [
      "I moved to Bergen in March.",
      "Ich bin im März nach Bergen gezogen.",
      "J'habite à Bergen depuis mars.",
      "Vivo en Bergen desde marzo.",
    ])
      expect(held(text)).toEqual([["Bergen", Date.UTC(2024, 2, 1), null]])
    for (const text of [
      "I live in Bergen until July.",
      "Ich wohne in Bergen bis Juli.",
      "J'habite à Bergen jusqu'en juillet.",
      "Vivo en Bergen hasta julio.",
    ])
      expect(held(text)).toEqual([["Bergen", saidAt, Date.UTC(2024, 7, 1)]])
  })

  test("a date that does not exist is none", () => {
    expect(namedTimes("on 31 February 2024 or 2023-02-29", saidAt)).toEqual([])
  })

  test("since and until bound what a sentence says; otherwise it holds from when it was said", () => {
    const [since] = factsByRules({ episodeId: "e", text: "I work at Acme since March 2021.", speaker: null, lane: "user", saidAt })
    expect(since).toMatchObject({ object: "Acme", validFrom: Date.UTC(2021, 2, 1), validTo: null })
    const [until] = factsByRules({ episodeId: "e", text: "I live in Rome until 1 June.", speaker: null, lane: "user", saidAt })
    expect(until).toMatchObject({ object: "Rome", validFrom: saidAt, validTo: Date.UTC(2024, 5, 2) })
    const [birthday] = factsByRules({ episodeId: "e", text: "My birthday is 3 May.", speaker: null, lane: "user", saidAt })
    expect(birthday).toMatchObject({ object: "3 May", validFrom: saidAt })
  })
})

test("a quote has its place only where the text has it verbatim, outside of what was recalled", () => {
  expect(placeOfQuote("Well, I live in Paris.", "I live in Paris")).toEqual({ start: 6, end: 21 })
  expect(placeOfQuote("Well, I live in Paris.", "I lived in Paris")).toBeUndefined()
  expect(placeOfQuote("<memory id=1>I live in Paris</memory> ok", "I live in Paris")).toBeUndefined()
  expect(placeOfQuote("anything", " ")).toBeUndefined()
})
