// What the settings of a tried search ask for, and what they leave out.
import { expect, test } from "vitest"
import { divided, tryRequests, trySettingsIn } from "./try-settings.ts"

test("settings of the address become a request, and one without the filter beside it", () => {
  const settings = trySettingsIn(new URLSearchParams("filter=year >= 2020&weights=0.3&ranker=none&diversity=0.5&threshold=0.4"))
  const options = { ranker: "none", diversity: 0.5, hybrid_search: { text_weight: 0.3, embedding_weight: 0.7 } }
  const whole = { query: "q", max_num_results: 10, ranking_options: options }
  expect(tryRequests("q", 10, settings)).toEqual({
    request: { ...whole, filters: { type: "gte", key: "year", value: 2020 } },
    whole,
    problem: null,
  })
  expect(tryRequests("q", 5, trySettingsIn(new URLSearchParams()))).toEqual({
    request: { query: "q", max_num_results: 5 },
    whole: null,
    problem: null,
  })
  expect(tryRequests("q", 5, { ...settings, filter: "year" }).problem).toContain("“year”")
})

test("what lies below the threshold, and what only the filter keeps away, is left out with the reason", () => {
  const hit = (id: string, score: number): { score: number; perdure: { chunk_id: string } } => ({ score, perdure: { chunk_id: id } })
  const found = [hit("a", 0.9), hit("b", 0.3)]
  const whole = [hit("c", 0.95), hit("a", 0.9), hit("b", 0.3), hit("d", 0.2)]
  const { told, leftOut } = divided(found, whole, "0.5")
  expect(told).toEqual([hit("a", 0.9)])
  expect(leftOut).toEqual([
    { hit: hit("c", 0.95), reason: "filter" },
    { hit: hit("b", 0.3), reason: "threshold" },
  ])
  expect(divided(found, [], "").told).toEqual(found)
})
