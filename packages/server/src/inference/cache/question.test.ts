// Two requests have one key exactly when nothing that matters differs between them.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import type { JsonObject } from "../../core/index.ts"
import { asked } from "./cache.fixtures.ts"
import { keysOf } from "./question.ts"
import type { CachePolicy, CacheQuestion } from "./types.ts"

const exact = (question: CacheQuestion): string | undefined => keysOf(question, undefined)?.exact
const topic = (text: string, part: Partial<CacheQuestion> = {}, policy: Partial<CachePolicy> = {}): string | undefined =>
  keysOf(asked(text, part, { mode: "semantic", ...policy }), "letters")?.semantic?.topic

describe("the key of a request", () => {
  it.each([
    ["the project", { projectId: "proj_b" }],
    ["the principal", { principal: "key_b" }],
    ["the dialect", { dialect: "messages" }],
    ["the model", { model: "slow" }],
    ["a stream", { stream: true }],
    ["the usage chunk of a stream", { stream: true, usageAsked: true }],
    ["the temperature", { body: { messages: [{ role: "user", content: "hi" }], temperature: 0 } }],
    ["a system prompt", { body: { messages: [{ role: "user", content: "hi" }], system: "be brief" } }],
    [
      "an earlier turn",
      {
        body: {
          messages: [
            { role: "assistant", content: "yes?" },
            { role: "user", content: "hi" },
          ],
        },
      },
    ],
    ["a parameter that nobody here knows", { body: { messages: [{ role: "user", content: "hi" }], top_a: 1 } }],
  ] satisfies [string, Partial<CacheQuestion>][])("differs with %s", (_, part) => {
    const otherwise = [asked("hi"), asked("hi", { stream: "stream" in part && "usageAsked" in part })].map(exact)
    expect(otherwise).not.toContain(exact(asked("hi", part)))
  })

  it("is the same whoever is named as the user, however it is billed, and in whatever order it is written", () => {
    const body = { messages: [{ role: "user", content: "hi" }], temperature: 0 }
    const same: JsonObject[] = [
      { temperature: 0, messages: [{ content: "hi", role: "user" }] },
      { ...body, user: "ada", metadata: { trace: "1" }, safety_identifier: "x", prompt_cache_key: "y", service_tier: "flex", store: true },
      { ...body, stream_options: { include_usage: true }, perdure: { cache: "exact" }, model: "an alias" },
    ]
    for (const other of same) expect(exact(asked("", { body: other }))).toBe(exact(asked("", { body })))
  })

  it("is shared by the project only where the scope says so, and by an end user only within one", () => {
    const other = { principal: "key_b" }
    expect(exact(asked("hi", other, { scope: "project" }))).toBe(exact(asked("hi", {}, { scope: "project" })))
    expect(exact(asked("hi", { ...other, user: "ada" }, { scope: "user" }))).toBe(exact(asked("hi", { user: "ada" }, { scope: "user" })))
    expect(exact(asked("hi", { user: "bob" }, { scope: "user" }))).not.toBe(exact(asked("hi", { user: "ada" }, { scope: "user" })))
    expect(exact(asked("hi", {}, { scope: "user" }))).toBeUndefined()
    // A user who is called like a key is still not that key.
    expect(exact(asked("hi", { user: "key_a" }, { scope: "user" }))).not.toBe(exact(asked("hi")))
  })

  it("is never one of another scope, whatever the names are", () => {
    const place = fc.record({ projectId: fc.string(), principal: fc.string(), user: fc.string({ minLength: 1 }) })
    const scope = fc.constantFrom("principal", "project", "user" as const)
    fc.assert(
      fc.property(place, scope, place, scope, (one, oneScope, two, twoScope) => {
        const keyed = (part: typeof one, scope: typeof oneScope): string | undefined => exact(asked("hi", part, { scope }))
        const may = { project: "", principal: one.principal === two.principal, user: one.user === two.user }
        const together = oneScope === twoScope && one.projectId === two.projectId && may[oneScope] !== false
        expect(keyed(one, oneScope) === keyed(two, twoScope)).toBe(together)
      }),
    )
  })

  it("is missing for what is nested deeper than it can be written down", () => {
    let deep: JsonObject = {}
    for (let depth = 0; depth < 200_000; depth += 1) deep = { deep }
    expect(keysOf(asked("hi", { body: deep }), undefined)).toBeUndefined()
  })
})

describe("the topic of a question", () => {
  it("is the same for other words, and another for other numbers", () => {
    expect(topic("how tall is the tower?")).toBe(topic("what is the height of the tower?"))
    expect(topic("who won in 2023?")).not.toBe(topic("who won in 2024?"))
    expect(topic("from ٣ to 5")).not.toBe(topic("from 3 to 5"))
  })

  it("is another in another scope, with another embedding model, and for another rest", () => {
    const all = [
      topic("hi"),
      topic("hi", { projectId: "proj_b" }),
      topic("hi", { principal: "key_b" }),
      topic("hi", {}, { scope: "project" }),
      topic("hi", { body: { messages: [{ role: "user", content: "hi" }], tools: [] } }),
      topic("hi", {
        body: {
          messages: [
            { role: "user", content: "earlier" },
            { role: "user", content: "hi" },
          ],
        },
      }),
      keysOf(asked("hi", {}, { mode: "semantic" }), "another model")?.semantic?.topic,
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  it("does not exist where the last message is not a user's text alone", () => {
    const of = (messages: JsonObject["messages"]): string | undefined => topic("", { body: { messages } })
    expect(of([{ role: "user", content: [{ type: "text", text: "hi" }] }])).toBe(of([{ role: "user", content: "hi" }]))
    expect(of([{ role: "assistant", content: "hi" }])).toBeUndefined()
    expect(
      of([
        {
          role: "user",
          content: [
            { type: "text", text: "hi" },
            { type: "image_url", image_url: { url: "u" } },
          ],
        },
      ]),
    ).toBeUndefined()
    expect(of([{ role: "tool", tool_call_id: "c", content: "42" }])).toBeUndefined()
    expect(of(undefined)).toBeUndefined()
  })
})
