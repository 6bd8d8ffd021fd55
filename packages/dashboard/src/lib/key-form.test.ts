// The form of a key: what is typed becomes a request, and a key becomes what stands in the form.
import type { ApiKey } from "@perdure/client"
import { apiKeyCreateRequestSchema, apiKeyUpdateRequestSchema } from "@perdure/contract"
import { expect, test } from "vitest"
import { complaintAbout, emptyForm, formOf, newKeyOf, patchOf, type KeyForm } from "./key-form.ts"

const now = Date.UTC(2026, 0, 1)
const filled: KeyForm = {
  ...emptyForm,
  name: " app ",
  models: "gpt-*, claude-*,",
  endpoints: ["chat", "files"],
  moreEndpoints: "GET /v1/usage, prompts",
  budgetUsd: "2.5",
  alertUsd: "2",
  budgetPer: "day",
  requestsPerMinute: "60",
  expires: "week",
  tags: "a, b",
  user: " alice ",
}

test("a filled form becomes a request that the server takes", () => {
  const request = newKeyOf(filled, now)
  expect(apiKeyCreateRequestSchema.parse(request)).toEqual({
    name: "app",
    scope: { models: ["gpt-*", "claude-*"], endpoints: ["chat", "files", "GET /v1/usage", "prompts"] },
    limits: { budgetUsd: 2.5, alertUsd: 2, budgetPer: "day", requestsPerMinute: 60 },
    tags: ["a", "b"],
    user: "alice",
    expiresAt: now + 7 * 86_400_000,
  })
})

test("a form with nothing but a name restricts nothing", () => {
  const request = newKeyOf({ ...emptyForm, name: "x" }, now)
  expect(apiKeyCreateRequestSchema.parse(request)).toEqual({ name: "x", scope: { models: [], endpoints: [] }, limits: {}, tags: [] })
})

test("a key stands in the form as it is, and an unchanged form changes nothing about it", () => {
  const { scope, limits, tags } = newKeyOf(filled, now)
  const key = { name: "app", scope, limits, tags, user: "alice", expiresAt: now + 5 } as ApiKey
  const form = formOf(key)
  expect(form).toEqual({ ...filled, name: "app", models: "gpt-*, claude-*", user: "alice", expires: "keep" })
  const patch = apiKeyUpdateRequestSchema.parse(patchOf(form, now))
  expect(patch).not.toHaveProperty("expiresAt")
  expect(patch).toMatchObject({ scope, limits: { ...limits, tokensPerMinute: null, concurrent: null }, tags, user: "alice" })
})

test("what is emptied is taken away", () => {
  const patch = apiKeyUpdateRequestSchema.parse(patchOf({ ...emptyForm, name: "x" }, now))
  expect(patch).toMatchObject({
    scope: { models: [], endpoints: [] },
    limits: { budgetUsd: null, alertUsd: null, budgetPer: null },
    tags: [],
    user: null,
    expiresAt: null,
  })
})

test("a day that was chosen is the last day of the key", () => {
  const request = newKeyOf({ ...emptyForm, name: "x", expires: "date", date: "2027-01-31" }, now)
  expect(new Date(request.expiresAt ?? 0).toString()).toMatch(/Jan 31 2027 23:59:59/)
})

test("a form without a name, or without the day that it speaks of, is not sent", () => {
  expect(complaintAbout(emptyForm)).toBe("A key needs a name.")
  expect(complaintAbout({ ...emptyForm, name: "x", expires: "date" })).toContain("day")
  expect(complaintAbout(filled)).toBeUndefined()
})
