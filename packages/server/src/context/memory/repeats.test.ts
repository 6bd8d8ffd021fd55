// Answers that repeat what was recalled for them: they stand behind it, never in its place, and are left out where they add nothing.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { phrasesOf, shareIn, shownTexts } from "./shown.ts"
import type { NewMemory, Recall, RememberedEntry } from "./types.ts"

let server: ContextServer
let scopes = 0
beforeAll(async () => {
  server = await startContextServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const caller = (): MemoryCaller => ({ projectId: server.projectId, principal: "key_test" })
const newScope = (): string => `user:repeats-${scopes++}`
const say = (scope: string, text: string, more: Partial<NewMemory> = {}): Promise<RememberedEntry> =>
  server.context.memories.remember(caller(), { scope, text, role: "user", ...more })
const answer = (scope: string, text: string, of: readonly { id: string }[]): Promise<RememberedEntry> =>
  say(scope, text, { role: "assistant", recalledFrom: of.map(({ id }) => id) })
const recall = (scope: string, query: string, more: object = {}): Promise<Recall> =>
  server.context.memories.recall(caller(), { scopes: [scope], query, explain: true, ...more }, AbortSignal.timeout(60_000))
const textsOf = ({ entries }: Recall): (string | null)[] => entries.map(({ text }) => text)
const reasons = ({ leftOut }: Recall): string[] => leftOut.map(({ reason }) => reason)

describe("an answer that repeats what was recalled for it", () => {
  it("stands behind it and no better, however well it fits the question, and does not take its place", async () => {
    const scope = newScope()
    const own = await say(scope, "My dentist is Doctor Moen in Bergen.")
    const question = "Who is my dentist?"
    const said = await answer(
      scope,
      `${question} Your dentist is Doctor Moen in Bergen; who is your dentist matters, and parking is behind the house.`,
      [own],
    )
    const found = await recall(scope, question)
    expect(textsOf(found)).toEqual([own.text, said.text])
    expect(found.entries[1]?.score).toBeLessThanOrEqual(found.entries[0]?.score ?? 0)
    expect(textsOf(await recall(scope, question, { limit: 1 }))).toEqual([own.text])
  })

  it("is left out where it adds next to nothing, and that is told", async () => {
    const scope = newScope()
    const own = await say(scope, "my train to Oslo leaves at seven in the morning on Fridays")
    await answer(scope, "Sure: my train to Oslo leaves at seven in the morning on Fridays", [own])
    const found = await recall(scope, "when does my train to Oslo leave?")
    expect(textsOf(found)).toEqual([own.text])
    expect(reasons(found)).toEqual(["repeats"])
  })

  it("is told where it says the contrary", async () => {
    const scope = newScope()
    const own = await say(scope, "my train to Oslo leaves at seven in the morning on Fridays")
    const said = await answer(scope, "my train to Oslo leaves at seven in the morning on Fridays? Not any more.", [own])
    expect(textsOf(await recall(scope, "when does my train to Oslo leave?"))).toEqual([own.text, said.text])
  })

  it("keeps its place where it says something else, or repeats nothing that was recalled", async () => {
    const scope = newScope()
    const own = await say(scope, "I bake with rye on Sundays.")
    const other = await answer(scope, "The oven should be at two hundred degrees for the crust.", [own])
    const alone = await answer(scope, "Let the crust rest before the oven.", [])
    const found = await recall(scope, "oven crust degrees")
    expect(new Set(textsOf(found).slice(0, 2))).toEqual(new Set([alone.text, other.text]))
  })

  it("may repeat an answer that repeats, each behind the one before", async () => {
    const scope = newScope()
    const own = await say(scope, "The key of the boat hangs behind the kitchen door.")
    const first = await answer(
      scope,
      "The key of the boat hangs behind the kitchen door, on the red hook that your father made from driftwood.",
      [own],
    )
    const second = await answer(scope, `${first.text} The neighbours borrow it in summer when the regatta is on.`, [own, first])
    const found = await recall(scope, "where is the key of the boat on the red hook in summer")
    expect(textsOf(found)).toEqual([own.text, first.text, second.text])
  })
})

describe("what a reader has before it", () => {
  const shown = shownTexts(["You sell bread.", "I am not allergic to walnuts.  Rye costs 3 crowns, wheat costs 4 crowns."])
  it.each([
    ["the same in other spaces and case", "i am NOT  allergic to walnuts.", true],
    ["nearly all of it", "Rye costs 3 crowns, wheat costs 4 crowns and", true],
    ["the same words with another sense", "I am allergic to walnuts.", false],
    ["numbers that changed places", "Rye costs 4 crowns, wheat costs 3 crowns.", false],
    ["a part of a word", "wheat cost", false],
    ["nothing", " ", false],
  ])("is told by phrases: %s", (_, text, is) => expect(shown(text)).toBe(is))

  it("is measured by what the one text has of the other", () => {
    expect(shareIn(phrasesOf("a b c d"), phrasesOf("x a b c"))).toBe(0.5)
    expect(shareIn(phrasesOf("a b"), phrasesOf("a b"))).toBe(0)
  })
})
