// The tool gate: schema, grant, journal, execution, label, in that order, and nothing else in the sources runs a tool.
import { readdirSync, readFileSync } from "node:fs"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { defaultLimits, newId, systemClock, type JsonObject } from "../core/index.ts"
import { createRuns, type DoubtResolution, type RunEvent, type Runs } from "../runs/index.ts"
import { createGate, unknownLabel, userLabel, type Grant, type Label } from "../security/index.ts"
import { openStore, type Store } from "../store/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { createArgumentChecker, createToolGate, createToolRegistry, defineTool, type Tool, type ToolOutcome } from "./index.ts"

const projectId = "proj_tools"
const directory = mkdtempSync(join(tmpdir(), "perdure-tools-"))
let store: Store
let runs: Runs
const calls: JsonObject[] = []
let job: { tool: Tool; arguments: string; label: Label; grants: readonly Grant[]; declaredOrigins?: readonly string[] }

const add = defineTool({
  name: "add",
  description: "Adds",
  parameters: z.object({ a: z.number(), b: z.number().default(1) }),
  effect: "idempotent",
  resultIntegrity: 2,
  run: async (input, { idempotencyKey, principal }) => {
    calls.push({ ...input, idempotencyKey, principal })
    return { sum: input.a + input.b }
  },
})
const fails = defineTool({
  name: "fails",
  description: "Fails",
  parameters: { type: "object", properties: {} },
  effect: "read",
  run: async () => {
    throw new Error("out of paper")
  },
})
const fetches = defineTool({
  name: "fetches",
  description: "Reads an address",
  parameters: z.object({ url: z.string() }),
  effect: "read",
  run: async ({ url }, { request }) => {
    const { status, body } = await request(url)
    let text = ""
    for await (const chunk of body) text += Buffer.from(chunk).toString()
    return { status, text }
  },
})
const hangs = defineTool({
  name: "hangs",
  description: "Is cut off",
  parameters: { type: "object", properties: {} },
  effect: "once",
  timeoutMs: 50,
  run: () => new Promise<null>(() => undefined),
})
const all: Grant = { to: "*", allow: ["tool.call:*", "tool.read:*"], origin: "test" }

beforeAll(async () => {
  await copyMigrated(directory)
  store = await openStore({ dataDirectory: directory, limits: defaultLimits, testing: { fsync: false } })
  runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits })
  runs.define({
    kind: "agent",
    name: "caller",
    version: "1",
    style: "data",
    execute: async (context) => {
      const gate = createGate({ grants: job.grants })
      const callTool = createToolGate({ gate, checkArguments: createArgumentChecker(), declaredOrigins: job.declaredOrigins ?? [] })
      const { tool, label } = job
      return { ...(await callTool(context, { tool, arguments: job.arguments, key: "call", label })) } as unknown as JsonObject
    },
  })
})
afterAll(async () => {
  await runs[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

async function call(over: Partial<typeof job>): Promise<{ outcome: ToolOutcome; events: RunEvent[] }> {
  job = { tool: add, arguments: '{"a":2,"b":3}', label: userLabel("key_1"), grants: [all], ...over }
  calls.length = 0
  const run = await runs.start({ projectId, principal: "key_1", kind: "agent", name: "caller", input: null, label: job.label })
  const ended = await runs.ended(projectId, run.id, AbortSignal.timeout(20_000))
  return { outcome: ended.output as unknown as ToolOutcome, events: await runs.events(projectId, run.id, 0, 100) }
}

/** The outcome of a call that is in doubt until a person decides. */
async function resolved(decision: DoubtResolution): Promise<ToolOutcome> {
  job = { tool: hangs, arguments: "{}", label: userLabel("key_1"), grants: [all] }
  const run = await runs.start({ projectId, principal: "key_1", kind: "agent", name: "caller", input: null, label: job.label })
  await expect.poll(async () => (await runs.get(projectId, run.id))?.status, { timeout: 20_000 }).toBe("in_doubt")
  await runs.resolveDoubt(projectId, run.id, decision)
  return (await runs.ended(projectId, run.id, AbortSignal.timeout(20_000))).output as unknown as ToolOutcome
}

const types = (events: readonly RunEvent[]): string[] => events.map((event) => event.type).filter((type) => !type.startsWith("run."))

describe("a tool call", () => {
  it("is decided, then intended, then executed, each as an event of the run", async () => {
    const { outcome, events } = await call({})
    expect(outcome).toMatchObject({ status: "done", result: { sum: 5 } })
    expect(types(events)).toEqual(["gate.decided", "step.intended", "step.completed"])
    expect(events.find((event) => event.type === "gate.decided")?.data).toMatchObject({
      allowed: true,
      rule: "grants[0]",
      request: { action: "tool.call", target: "add", principal: "key_1" },
    })
    expect(calls).toEqual([{ a: 2, b: 3, idempotencyKey: `${events[0]?.runId ?? ""}:call`, principal: "key_1" }])
  })

  it("fills in what the schema has defaults for", async () => {
    expect((await call({ arguments: '{"a":2}' })).outcome).toMatchObject({ result: { sum: 3 } })
  })

  it.each([
    ['{"a":"two"}', "/a must be number"],
    ["{}", "required property 'a'"],
    ["[1]", "must be a JSON object"],
    ["{nonsense", "must be a JSON object"],
  ])("with arguments %s is refused before anything else, with words for the model", async (text, words) => {
    const { outcome, events } = await call({ arguments: text })
    expect(outcome).toMatchObject({ status: "refused", code: "invalid_arguments", text: expect.stringContaining(words) as string })
    expect(types(events)).toEqual(["tool.call.refused"])
    expect(calls).toEqual([])
  })

  it("without a grant is denied by default and not run, and the reason is an event", async () => {
    const { outcome, events } = await call({ grants: [{ to: "*", allow: ["tool.read:*"], origin: "test" }] })
    expect(outcome).toMatchObject({ status: "refused", code: "policy_denied" })
    expect(types(events)).toEqual(["gate.decided", "tool.call.refused"])
    expect(events.find((event) => event.type === "gate.decided")?.data).toMatchObject({ allowed: false, rule: "default deny" })
    expect(calls).toEqual([])
  })

  it("that is denied ends as refused, with the rule and the reason", async () => {
    const { events } = await call({ grants: [] })
    expect(events.find((event) => event.type === "tool.call.refused")?.data).toEqual({
      key: "call",
      tool: "add",
      code: "policy_denied",
      rule: "default deny",
      reason: expect.stringContaining("tool.call:add") as string,
    })
  })

  it("under the influence of untrusted data is denied where the grant asks for more", async () => {
    const strict: Grant = { ...all, integrityMin: 2 }
    expect((await call({ grants: [strict] })).outcome.status).toBe("done")
    expect((await call({ grants: [strict], label: unknownLabel("key_1") })).outcome).toMatchObject({
      status: "refused",
      code: "policy_denied",
    })
  })

  it("that fails says so and its error text is nobody's instruction", async () => {
    const { outcome } = await call({ tool: fails, arguments: "{}" })
    expect(outcome).toMatchObject({ status: "failed", text: "fails failed: out of paper", label: { integrity: 0 } })
  })

  it("that a person decided about has the result that the person gave, whatever it is", async () => {
    const told = { ok: true, result: "as it is", more: 1 }
    for (const result of [{ sum: 5 }, "done by hand", null, told]) {
      await expect(resolved({ decision: "done", result })).resolves.toMatchObject({ status: "done", result })
    }
  })

  it("reaches an address only by a grant of its own, and a private one only where the operator declared it", async () => {
    const page = createServer((_, response) => response.end("hello")).listen(0, "127.0.0.1")
    await once(page, "listening")
    const { port } = page.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/`
    const asked = { tool: fetches, arguments: JSON.stringify({ url }) }
    const granted: Grant = { ...all, allow: [...all.allow, `outbound:127.0.0.1:${port}`] }

    const declaredOrigins = [`http://127.0.0.1:${port}`]
    const refused = (words: string): object => ({ status: "failed", text: expect.stringContaining(words) as string })

    expect((await call({ ...asked, declaredOrigins })).outcome).toMatchObject(refused("no grant"))
    expect((await call({ ...asked, grants: [granted] })).outcome).toMatchObject(refused("is not opened"))
    const { outcome, events } = await call({ ...asked, grants: [granted], declaredOrigins })
    page.close()
    expect(outcome).toMatchObject({ status: "done", result: { status: 200, text: "hello" }, label: { integrity: 0 } })
    const decided = events.filter((event) => event.type === "gate.decided").map((event) => event.data)
    expect(decided).toMatchObject([
      { request: { action: "tool.read" } },
      { allowed: true, request: { action: "outbound", target: `127.0.0.1:${port}` } },
    ])
  })

  it("gives a result that is never better than its arguments", async () => {
    expect((await call({})).outcome.label).toMatchObject({ integrity: 2, sources: ["tool:add", "user:key_1"] })
    expect((await call({ label: unknownLabel("key_1") })).outcome.label).toMatchObject({ integrity: 0 })
    const { events } = await call({ label: unknownLabel("key_1") })
    expect(events.find((event) => event.type === "step.completed")?.label.integrity).toBe(0)
  })
})

describe("tools", () => {
  it("say nothing and are `once`", () => {
    expect(defineTool({ name: "x", description: "", parameters: {}, run: async () => null }).effect).toBe("once")
  })

  it("have names that providers take, each once", () => {
    expect(() => defineTool({ name: "has space", description: "", parameters: {}, run: async () => null })).toThrow("has space")
    expect(() => createToolRegistry([add, add])).toThrow('Two tools are named "add"')
  })

  it("show their zod schema as JSON Schema", () => {
    expect(add.parameters).toMatchObject({ type: "object", required: ["a"], properties: { a: { type: "number" } } })
  })
})

describe("no other path executes a tool", () => {
  const root = join(import.meta.dirname, "..")
  const reaches = (source: string): boolean => /\bexecutorOf\b/.test(source)

  it("only the gate reaches the functions behind tools", () => {
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
    )
    expect(files.length).toBeGreaterThan(50)
    expect(files.filter((file) => reaches(readFileSync(join(root, file), "utf8"))).sort()).toEqual(["tools/gate.ts", "tools/tool.ts"])
  })

  it("the search would notice one", () => {
    expect(reaches('import { executorOf } from "../tools/tool.ts"')).toBe(true)
  })

  it("a tool object itself has nothing to call", () => {
    expect(Object.values(add).filter((value) => typeof value === "function")).toEqual([])
  })
})
