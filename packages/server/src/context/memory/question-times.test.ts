// Tests of times in questions: in four languages, in the calendar of whoever asks, as wide as what was said, and no time where there is none.
import { describe, expect, it } from "vitest"
import { questionTimes } from "./question-times.ts"

/** A Wednesday. */
const at = Date.UTC(2026, 10, 25, 15, 30)

async function read(question: string, timeZone = "UTC", asked = at): Promise<string[]> {
  const iso = (moment: number | null): string => (moment === null ? "" : new Date(moment).toISOString().replace(/T00:00:00.000Z$/, ""))
  return (await questionTimes(question, { at: asked, timeZone })).map(({ text, from, to }) => `${text}: ${iso(from)}/${iso(to)}`)
}

describe("times in questions", () => {
  it.each([
    ["What did I do last week?", "last week: 2026-11-16/2026-11-23"],
    ["Where was I in March 2024?", "March 2024: 2024-03-01/2024-04-01"],
    ["What happened yesterday?", "yesterday: 2026-11-24/2026-11-25"],
    ["What changed since June?", "since June: 2026-06-01/"],
    ["Whom did I meet two days ago?", "two days ago: 2026-11-23/2026-11-24"],
    ["What was said on 2026-03-04?", "2026-03-04: 2026-03-04/2026-03-05"],
    ["What did we plan last month?", "last month: 2026-10-01/2026-11-01"],
    ["What did I eat last Friday?", "last Friday: 2026-11-20/2026-11-21"],
    ["Where did we go last weekend?", "last weekend: 2026-11-21/2026-11-23"],
    ["What happened in 2023?", "2023: 2023-01-01/2024-01-01"],
    ["Which books did I read before 2020?", "before 2020: /2020-01-01"],
    ["How did it go three weeks ago?", "three weeks ago: 2026-11-02/2026-11-09"],
    ["Where did Bob go in May?", "May: 2026-05-01/2026-06-01"],
    ["Where did Bob go in December?", "December: 2025-12-01/2026-01-01"],
    ["Was habe ich letzte Woche gemacht?", "letzte Woche: 2026-11-16/2026-11-23"],
    ["Was war gestern?", "gestern: 2026-11-24/2026-11-25"],
    ["Was geschah im März 2024?", "März 2024: 2024-03-01/2024-04-01"],
    ["Was habe ich vor zwei Tagen gegessen?", "vor zwei Tagen: 2026-11-23/2026-11-24"],
    ["Was passierte letzten Monat?", "letzten Monat: 2026-10-01/2026-11-01"],
    ["Wo war ich seit Juni?", "seit Juni: 2026-06-01/"],
    ["¿Qué hice ayer?", "ayer: 2026-11-24/2026-11-25"],
    ["¿Qué hice la semana pasada?", "la semana pasada: 2026-11-16/2026-11-23"],
    ["¿Dónde estuve en marzo de 2024?", "marzo de 2024: 2024-03-01/2024-04-01"],
    ["¿Qué comí hace dos días?", "hace dos días: 2026-11-23/2026-11-24"],
    ["¿Qué pasó desde junio?", "desde junio: 2026-06-01/"],
    ["Qu'ai-je fait hier ?", "hier: 2026-11-24/2026-11-25"],
    ["Qu'ai-je fait la semaine dernière ?", "la semaine dernière: 2026-11-16/2026-11-23"],
    ["Où étais-je en mars 2024 ?", "mars 2024: 2024-03-01/2024-04-01"],
    ["Qu'ai-je mangé il y a deux jours ?", "il y a deux jours: 2026-11-23/2026-11-24"],
    ["Que s'est-il passé depuis juin ?", "depuis juin: 2026-06-01/"],
  ])("%s", async (question, expected) => {
    expect(await read(question)).toEqual([expected])
  })

  it.each([
    "What may I eat?",
    "When did Ann march in the parade?",
    "Who called at 5 pm?",
    "How many 2000 watt heaters are there?",
    "How old is my 12 year old cat?",
    "What was the score, 3-2?",
    "",
  ])("names no time: %s", async (question) => {
    expect(await read(question)).toEqual([])
  })

  it("are days of the asker's own calendar, on both sides of a change of the clocks", async () => {
    expect(await read("What happened yesterday?", "Asia/Tokyo", Date.UTC(2026, 10, 25, 15, 30))).toEqual([
      "yesterday: 2026-11-24T15:00:00.000Z/2026-11-25T15:00:00.000Z",
    ])
    expect(await read("What was 2026-03-29?", "Europe/Berlin")).toEqual(["2026-03-29: 2026-03-28T23:00:00.000Z/2026-03-29T22:00:00.000Z"])
  })

  it("refuse a time zone that nobody knows, whatever the question says", async () => {
    await expect(read("Where is my hat?", "Europe/Atlantis")).rejects.toMatchObject({ code: "invalid_request", param: "timeZone" })
  })
})
