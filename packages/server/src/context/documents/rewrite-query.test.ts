// Tests of rewriting a question for search.
import { expect, it } from "vitest"
import { rewriteQuery } from "./rewrite-query.ts"

it.each([
  ["Hi, can you please tell me about the pump's filter? Thanks!", "the pump's filter"],
  ["How is the filter changed?", "How is the filter changed"],
  ["Kannst du mir sagen, wie der Filter gewechselt wird? Danke", "wie der Filter gewechselt wird"],
  ["please", "please"],
  ["hieroglyphs", "hieroglyphs"],
  ["北京是哪个国家的首都？", "北京是哪个国家的首都？"],
])("%s is searched for as %s", (query, rewritten) => {
  expect(rewriteQuery(query)).toBe(rewritten)
})
