// Alerts as a person reads them.
import { expect, it } from "vitest"
import { alertText } from "./alert-look.ts"

it("an alert says what it is about, and whom a budget binds", () => {
  const budget = { budget: "team", scope: { project: "proj_a", tag: "search", user: "" }, threshold: 0.8 }
  expect(alertText({ type: "budget.threshold", data: budget })).toBe("Budget team for tag search, no user: 80 % used")
  expect(alertText({ type: "budget.exceeded", data: { ...budget, scope: {} } })).toBe("Budget team refuses calls")
  expect(alertText({ type: "deployment.down", data: { deployment: "openai/m", failure: "server" } })).toBe(
    "Deployment openai/m is down (server)",
  )
  expect(alertText({ type: "deployment.up", data: { deployment: "openai/m" } })).toBe("Deployment openai/m answers again")
  expect(alertText({ type: "key.expiring", data: { name: "app", expiresAt: "2026-12-01" } })).toBe("Key app expires at 2026-12-01")
})
