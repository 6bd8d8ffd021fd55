// A workflow of an application: declared in perdure.config.ts, started over HTTP, signalled, and finished by the next process after a kill.
import { appendFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const config = (witness: string): string => `
import { appendFile } from "node:fs/promises"
import { defineConfig, defineWorkflow } from "perdure"

const note = (text: string) => appendFile(${JSON.stringify(witness)}, text + "\\n")

const onboard = defineWorkflow("onboard", async (ctx, input: { team: string }) => {
  const account = await ctx.step("create account", async ({ idempotencyKey }) => {
    await note("account " + input.team)
    return { id: idempotencyKey }
  }, { effect: "idempotent" })
  const approved = await ctx.waitForSignal<string>("approved", { timeoutMs: 600_000 })
  await ctx.step("send welcome", async () => { await note("welcome " + approved); return true }, { effect: "once" })
  return { account, approved }
})

export default defineConfig({ discovery: false, workflows: [onboard] })
`

describe("a workflow", () => {
  it("is started once per key, waits unloaded, survives a kill, and does nothing twice", async () => {
    await using directory = await temporaryDirectory()
    const witness = join(directory.path, "witness.txt")
    await writeApplication(directory.path, config(witness))
    await appendFile(witness, "")
    const start = { dataDirectory: join(directory.path, "data"), config: join(directory.path, "perdure.config.ts") }

    const first = await startPerdure(start)
    const started = await call(first, "POST", "/v1/runs", { workflow: "onboard", input: { team: "red" } }, { "idempotency-key": "k1" })
    const again = await call(first, "POST", "/v1/runs", { workflow: "onboard", input: { team: "red" } }, { "idempotency-key": "k1" })
    expect(again["id"]).toBe(started["id"])
    const path = `/v1/runs/${String(started["id"])}`
    await expect.poll(async () => (await call(first, "GET", path))["status"], { timeout: 60_000 }).toBe("waiting")
    await first.kill()

    await using second = await startPerdure({ ...start, apiKey: first.apiKey })
    expect((await call(second, "GET", path))["status"]).toBe("waiting")
    await call(second, "POST", `${path}/signals/approved`, { payload: "by ops" })
    await expect.poll(async () => (await call(second, "GET", path))["status"], { timeout: 60_000 }).toBe("completed")
    expect((await call(second, "GET", path))["output"]).toMatchObject({ approved: "by ops" })
    expect((await readFile(witness, "utf8")).trim().split("\n")).toEqual(["account red", "welcome by ops"])
  })

  it("that nobody declared is not found, with the names that are", async () => {
    await using directory = await temporaryDirectory()
    await writeApplication(directory.path, config(join(directory.path, "witness.txt")))
    await using server = await startPerdure({
      dataDirectory: join(directory.path, "data"),
      config: join(directory.path, "perdure.config.ts"),
    })
    const answer = await call(server, "POST", "/v1/runs", { workflow: "offboard" })
    expect(answer["error"]).toMatchObject({ code: "not_found", param: "workflow" })
    expect(JSON.stringify(answer)).toContain("onboard")
  })
})

/** A folder that can import "perdure", as an application that installed it. */
async function writeApplication(path: string, text: string): Promise<void> {
  await mkdir(join(path, "node_modules"), { recursive: true })
  await symlink(join(import.meta.dirname, "..", "..", "packages", "server"), join(path, "node_modules", "perdure"))
  await writeFile(join(path, "package.json"), '{"type": "module"}')
  await writeFile(join(path, "perdure.config.ts"), text)
}

async function call(
  server: StartedServer,
  method: string,
  path: string,
  body?: object,
  more: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...more }
  const response = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return (await response.json()) as Record<string, unknown>
}
