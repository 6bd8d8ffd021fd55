// What a person does to runs in the dashboard, in a real browser: cancel one that waits, decide about one in doubt, follow one live, read a long one.
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { StepContext } from "../../packages/server/src/runs/index.ts"
import { userLabel } from "../../packages/server/src/security/index.ts"
import { startDashboardServer, type DashboardServer } from "../../packages/server/src/testing/dashboard-server.ts"
import { dashboardDirectory, expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"

const browserPath = findBrowser()
const longRunSteps = 3_000

describe.skipIf(browserPath === undefined)("runs in the dashboard", () => {
  let server: DashboardServer
  let browser: Browser
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    server = await startDashboardServer({ directory: dashboardDirectory })
    defineRuns(server)
    browser = await openBrowser(browserPath ?? "")
    ;({ page, problems } = await openPage(await browser.newContext({ viewport: { width: 1440, height: 900 } })))
    await page.goto(`${server.url}/dashboard/login?token=${server.identity.createLoginToken(server.projectId)}`)
    await page.waitForURL(/dashboard\/runs/)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function open(name: string): Promise<string> {
    const request = { projectId: server.projectId, principal: server.keyId, label: userLabel("ada"), kind: "workflow", input: {} } as const
    const { id } = await server.runs.start({ ...request, name })
    await page.goto(`${server.url}/dashboard/runs/${id}`)
    return id
  }

  it("cancels a run that waits, after asking", async () => {
    const id = await open("waits")
    await page.getByText("Waiting", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Cancel" }).click()
    await page.getByRole("button", { name: "Yes, cancel" }).click()
    await page.getByText("Cancelled", { exact: true }).waitFor()
    expect((await server.runs.get(server.projectId, id))?.status).toBe("cancelled")
    await expectAccessible(page)
  })

  it("lets a person decide about a run in doubt, and the run goes on with the result", async () => {
    const id = await open("pays")
    await page.getByRole("heading", { name: "Did pay happen?" }).waitFor()
    await expectAccessible(page)
    await page.getByLabel("Result, as JSON").fill("{ not JSON")
    await page.getByRole("button", { name: "Decide" }).click()
    await page.getByText("The result is not valid JSON.").waitFor()
    await page.getByLabel("Result, as JSON").fill('{"paid":true}')
    await page.getByRole("button", { name: "Decide" }).click()
    await page.getByText("Completed", { exact: true }).waitFor()
    expect((await server.runs.get(server.projectId, id))?.output).toEqual({ receipt: { paid: true } })
  })

  it("shows a run while it goes on, and its failure with its code", async () => {
    await open("fails")
    await page.getByRole("region", { name: "Timeline" }).getByText("load-orders").waitFor()
    await page.getByRole("alert").getByText("the mailbox is full").waitFor()
    // Events come by another way than what the run became.
    await expect.poll(() => page.getByRole("region", { name: "Timeline" }).getByText("✕ send-mail").count()).toBe(1)
  })

  it("shows what the gate decided, with the rule and the reason", async () => {
    await open("asks")
    const decisions = page.getByRole("region", { name: "Gate decisions" })
    await decisions.getByText("default deny").waitFor()
    expect(await decisions.textContent()).toContain("no grant names tool.call:mail.send")
  })

  it("keeps few rows of a long log in the page", async () => {
    const id = await open("long")
    await server.runs.ended(server.projectId, id, AbortSignal.timeout(120_000))
    await page.reload()
    await page.getByText(String(longRunSteps + 2), { exact: true }).waitFor()
    expect(await page.getByRole("list", { name: "Event log" }).getByRole("listitem").count()).toBeLessThan(80)
    expect(await page.getByRole("list", { name: "Steps" }).getByRole("listitem").count()).toBeLessThan(80)
    await page.getByLabel("Follow").check()
    await page.getByRole("list", { name: "Event log" }).getByText("run.ended").waitFor()
  })

  it("has raised no error in all of this", () => {
    expect([problems, server.errors]).toEqual([[], []])
  })
})

function defineRuns({ runs }: DashboardServer): void {
  const workflow = { kind: "workflow", version: "1", style: "replay" } as const
  runs.define({
    ...workflow,
    name: "waits",
    execute: async (context) => (await context.waitForSignal<string>("go")) ?? null,
  })
  runs.define({
    ...workflow,
    name: "pays",
    execute: async (context) => {
      // An effect that does not say whether it happened.
      const pay = ({ signal }: StepContext): Promise<{ paid: boolean }> =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
      return { receipt: await context.step("pay", pay, { effect: "once", timeoutMs: 50 }) }
    },
  })
  runs.define({
    ...workflow,
    name: "fails",
    execute: async (context) => {
      await context.step("load-orders", async () => ({ orders: 3 }), { effect: "read" })
      await context.sleep("settle", 1_000)
      return context.step("send-mail", () => Promise.reject(new Error("the mailbox is full")), { effect: "idempotent" })
    },
  })
  runs.define({
    ...workflow,
    name: "asks",
    execute: async (context) => {
      const request = { action: "tool.call", target: "mail.send", principal: "key_1", projectId: "proj_default", runId: context.run.id }
      context.emit("gate.decided", { allowed: false, rule: "default deny", reason: "no grant names tool.call:mail.send", request })
      return null
    },
  })
  runs.define({
    ...workflow,
    name: "long",
    execute: async (context) => {
      const steps = Array.from({ length: longRunSteps }, (_, index) => context.step(`s${index}`, async () => index, { effect: "read" }))
      return (await Promise.all(steps)).length
    },
  })
}
