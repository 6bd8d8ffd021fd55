// Tests of what is said about a body that does not fit its schema.
import { expect, test } from "vitest"
import { z } from "zod"
import { checked } from "./request-body.ts"

const schema = z.strictObject({
  text: z.string().min(1),
  limit: z.int().min(1).max(100).optional(),
  query: z.union([z.string(), z.array(z.string())]).optional(),
  content: z
    .union([z.string(), z.array(z.discriminatedUnion("type", [z.object({ type: z.literal("text"), text: z.string() })])).max(2)])
    .optional(),
  name: z.string("must be the name of a tool").optional(),
  cut: z.enum(["auto", "disabled"]).optional(),
  part: z.discriminatedUnion("type", [z.object({ type: z.literal("text") }), z.object({ type: z.enum(["image", "file"]) })]).optional(),
  items: z.array(z.strictObject({ title: z.string() }).meta({ id: "NamedInATest" })).optional(),
})

test.each([
  [{}, '"text" is missing', "It must be a string."],
  [{ text: 1 }, '"text" must be a string', undefined],
  [{ text: "" }, '"text" must not be empty', undefined],
  [{ text: "a", limit: 0 }, '"limit" must be at least 1', undefined],
  [{ text: "a", limit: 101 }, '"limit" must be at most 100', undefined],
  [{ text: "a", limit: Number.NaN }, '"limit" must be a number', undefined],
  [{ text: "a", query: 1 }, '"query" has a type or a value that is not taken here', undefined],
  [{ text: "a", name: 1 }, '"name": must be the name of a tool', undefined],
  [{ text: "a", cut: "foo" }, '"cut" is "foo", but must be one of "auto", "disabled"', undefined],
  [{ text: "a", cut: 3 }, '"cut" must be one of "auto", "disabled"', undefined],
  [{ text: "a", part: { type: "smell" } }, '"part.type" is "smell", but must be one of "text", "image", "file"', undefined],
  [{ text: "a", content: 1 }, '"content" has a type or a value that is not taken here', undefined],
  [{ text: "a", content: [{ type: "smell" }] }, '"content[0].type" is "smell", but must be one of "text"', undefined],
  [{ text: "a", content: [{ type: "text" }] }, '"content[0].text" is missing', "It must be a string."],
  [{ text: "a", content: [1, 2, 3].map(() => ({ type: "text", text: "b" })) }, '"content" must hold at most 2 items', undefined],
  [{ text: "a", wat: 1 }, '"wat" is not a parameter here', "There are: text, limit, query, content, name, cut, part, items."],
  [{ text: "a", limt: 1 }, '"limt" is not a parameter here', 'Did you mean "limit"?'],
  [{ text: "a", items: [{ title: "b", tilte: 1 }] }, '"items[0].tilte" is not a parameter here', 'Did you mean "title"?'],
])("%j is refused in plain words", (body, message, hint) => {
  expect(() => checked(schema, body)).toThrow(expect.objectContaining({ message, ...(hint === undefined ? {} : { hint }) }) as Error)
})
