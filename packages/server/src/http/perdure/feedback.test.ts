// Feedback over a real server: scores of light and durable runs, replaced by their key, and only in the run's project.
import { feedbackListSchema, feedbackSchema } from "@perdure/contract"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { newId } from "../../core/index.ts"
import { defineWorkflow } from "../../runs/index.ts"
import { startDashboardServer, type DashboardServer } from "../../testing/dashboard-server.ts"

let server: DashboardServer
let strangeKey = ""
beforeAll(async () => {
  server = await startDashboardServer({ directory: "/nowhere", workflows: ["hello"] })
  server.runs.define(defineWorkflow("hello", () => Promise.resolve("done")))
  strangeKey = (await server.identity.createKey("proj_other", "other")).secret
})
afterAll(() => server[Symbol.asyncDispose]())

async function call(
  method: string,
  path: string,
  body?: object,
  key = server.apiKey,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  const answer = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

/** As the gateway leaves one when a call ends; it is still in the queue. */
function lightRun(): string {
  const id = newId("run")
  const used = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, reasoningTokens: 0, costMicroUsd: 0, costKnown: true }
  const call = { principal: server.keyId, user: null, kind: "chat", name: "chat.completions", model: "m", deployment: null } as const
  const end = { outcome: "completed", status: 200, error: null, startedAt: Date.now(), durationMs: 1, firstTokenMs: null } as const
  const rest = { streamed: false, requestBytes: 1, responseBytes: 1, label: null, data: null }
  server.records.add({ id, projectId: server.projectId, ...call, ...end, ...used, ...rest })
  return id
}

describe("feedback", () => {
  it("is put to a light run, by its id or by that of its answer, right after the call", async () => {
    const runId = lightRun()
    const made = await call("POST", "/v1/feedback", { runId, name: "helpful", value: true, comment: "good" })
    expect(made.status).toBe(201)
    expect(feedbackSchema.parse(made.body)).toMatchObject({ runId, name: "helpful", value: true, comment: "good", principal: server.keyId })
    await call("POST", "/v1/feedback", { runId: runId.replace("run_", "chatcmpl_"), name: "score", value: 0.5 })
    await call("POST", "/v1/feedback", { runId: runId.replace("run_", "req_"), name: "topic", value: "billing" })
    const listed = feedbackListSchema.parse((await call("GET", `/v1/feedback?runId=${runId}`)).body)
    expect(listed.feedback.map(({ name, value }) => [name, value])).toEqual([
      ["helpful", true],
      ["score", 0.5],
      ["topic", "billing"],
    ])
  }, 30_000)

  it("is put to a durable run", async () => {
    const run = await call("POST", "/v1/runs", { workflow: "hello", input: {} })
    const made = await call("POST", "/v1/feedback", { runId: run.body["id"], name: "ok", value: false })
    expect([made.status, made.body["value"]]).toEqual([201, false])
  }, 30_000)

  it("replaces the score of the same name and key, and keeps those of other keys", async () => {
    const runId = lightRun()
    const first = await call("POST", "/v1/feedback", { runId, name: "helpful", value: 1, idempotencyKey: "ada" })
    const second = await call("POST", "/v1/feedback", { runId, name: "helpful", value: 0, idempotencyKey: "ada" })
    expect(second.body["id"]).toBe(first.body["id"])
    await call("POST", "/v1/feedback", { runId, name: "helpful", value: 1, idempotencyKey: "bob" })
    const { feedback } = feedbackListSchema.parse((await call("GET", `/v1/feedback?runId=${runId}`)).body)
    expect(feedback.map(({ value }) => value)).toEqual([0, 1])
  }, 30_000)

  it("is for runs of the own project", async () => {
    const runId = lightRun()
    expect((await call("POST", "/v1/feedback", { runId, name: "x", value: 1 })).status).toBe(201)
    expect((await call("POST", "/v1/feedback", { runId, name: "x", value: 1 }, strangeKey)).status).toBe(404)
    expect((await call("GET", `/v1/feedback?runId=${runId}`, undefined, strangeKey)).status).toBe(404)
  }, 30_000)

  it.each<[string, object]>([
    ["no value", { runId: `run_${"0".repeat(32)}`, name: "x" }],
    ["a value that is a list", { runId: `run_${"0".repeat(32)}`, name: "x", value: [1] }],
    ["a name with a space", { runId: `run_${"0".repeat(32)}`, name: "a b", value: 1 }],
    ["an id that is none", { runId: "run_1", name: "x", value: 1 }],
  ])("with %s is refused", async (_, body) => {
    expect((await call("POST", "/v1/feedback", body)).status).toBe(400)
  })
})
