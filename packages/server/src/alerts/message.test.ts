// What people read: one line for each event, in which a client's words are no mention and no link.
import { expect, it } from "vitest"
import { bodyOf, textOf } from "./message.ts"
import type { AlertEvent } from "./types.ts"

const budget: AlertEvent = {
  id: "evt_1",
  type: "budget.threshold",
  createdAt: Date.UTC(2026, 10, 30),
  projectId: "proj_a",
  data: {
    budget: "team",
    scope: { project: "proj_a", user: "<!channel>\nnew" },
    unit: "usd",
    spent: 4.2,
    limit: 5,
    threshold: 0.8,
    windowEnd: "2026-12-01T00:00:00.000Z",
  },
}

it("JSON has the event with its time in words", () => {
  expect(JSON.parse(bodyOf(budget, "json"))).toEqual({
    id: "evt_1",
    type: "budget.threshold",
    timestamp: "2026-11-30T00:00:00.000Z",
    project: "proj_a",
    data: budget.data,
  })
})

it("a text for Slack says what is used of what, and mentions nobody", () => {
  expect(JSON.parse(bodyOf(budget, "slack"))).toEqual({
    text: ":warning: Budget *team* for user &lt;!channel&gt; new (project proj_a): 84 % is used, $4.20 of $5.00, until 2026-12-01T00:00:00.000Z.",
  })
})

it("every event has a text", () => {
  const base = { id: "evt_1", createdAt: 0, projectId: null }
  expect(
    textOf({ ...base, type: "budget.exceeded", data: { budget: "b", scope: {}, unit: "requests", spent: 9, limit: 9, windowEnd: null } }),
  ).toBe(":no_entry: Budget *b* refuses calls: 9 requests of 9 requests.")
  expect(textOf({ ...base, type: "deployment.down", data: { deployment: "openai/m", failure: "server" } })).toContain("openai/m")
  expect(textOf({ ...base, type: "deployment.up", data: { deployment: "openai/m" } })).toContain("answers again")
  expect(textOf({ ...base, type: "key.expiring", data: { key: "key_1", name: "app", expiresAt: "2026-12-01" } })).toContain("app key_1")
  expect(textOf({ ...base, type: "test", data: {} })).toContain("Perdure")
})
