// The dashboard in a real browser, on the server that a user would start: login, live list, a run in depth, filters, themes, keys, accessibility.
import { readdir, readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import OpenAI from "openai"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { dashboardDirectory, expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"
import { freePort } from "../support/free-port.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const browserPath = findBrowser()
const firstLoadBytesMax = 150 * 1024
const everythingBytesMax = 250 * 1024

describe("the built dashboard", () => {
  it("loads first with at most 150 KB gzip, all of it from this server, and has 250 KB at most", async () => {
    const page = await readFile(join(dashboardDirectory, "index.html"), "utf8")
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    const linked = [...page.matchAll(/(?:src|href)="\/dashboard\/([^"]+)"/g)].map(([, name = ""]) => name)
    const first = await gzippedBytes(["index.html", ...linked])
    expect(first).toBeGreaterThan(50_000)
    expect(first).toBeLessThanOrEqual(firstLoadBytesMax)
    expect(await gzippedBytes(await readdir(dashboardDirectory, { recursive: true }))).toBeLessThanOrEqual(everythingBytesMax)
  })
})

async function gzippedBytes(names: readonly string[]): Promise<number> {
  let sizeBytes = 0
  for (const name of names) {
    const file = join(dashboardDirectory, name)
    if ((await stat(file)).isFile()) sizeBytes += gzipSync(await readFile(file)).length
  }
  return sizeBytes
}

describe.skipIf(browserPath === undefined)("the dashboard in a browser", () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let server: StartedServer
  let openai: OpenAI
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    directory = await temporaryDirectory()
    // One test starts it again on the same port, which nobody may take meanwhile.
    server = await startPerdure({ dataDirectory: directory.path, port: await freePort() })
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey })
    browser = await openBrowser(browserPath ?? "")
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" })
    ;({ page, problems } = await openPage(context))
  })

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  async function ask(text: string): Promise<void> {
    await openai.responses.create({ model: "perdure/extractive", input: text })
  }

  const rows = (): ReturnType<Page["locator"]> => page.locator("[data-run]")
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)

  it("lets nobody in without a link", async () => {
    const answer = await page.goto(`${server.url}/dashboard/`)
    expect(answer?.status()).toBe(401)
    await page.getByText("You are signed out").waitFor()
    await expectAccessible(page)
    problems.splice(0) // the browser reports the 401 of the page itself
  })

  it("opens by its one-time link, and shows the call that makes the first run appear", async () => {
    await page.goto(server.dashboardUrl)
    await page.waitForURL(`${server.url}/dashboard/runs`)
    await page.getByRole("heading", { name: "No runs yet" }).waitFor()
    expect(await page.getByLabel("A first call", { exact: true }).textContent()).toContain(`curl ${server.url}/v1/chat/completions`)
    await expectAccessible(page)
  })

  it("refuses the same link a second time", async () => {
    const other = await browser.newContext()
    const { page: stranger } = await openPage(other)
    const answer = await stranger.goto(server.dashboardUrl)
    expect(answer?.status()).toBe(401)
    await stranger.getByText("This link no longer works").waitFor()
    await stranger.goto(`${server.url}/dashboard/runs`)
    await stranger.getByText("You are signed out").waitFor()
    await other.close()
  })

  it("shows runs as they happen, without a reload, durable and light ones", async () => {
    await ask("Refunds are paid within fourteen days. The shop is in Bonn. When are refunds paid?")
    await rows().first().waitFor()
    await openai.chat.completions.create({ model: "perdure/extractive", messages: [{ role: "user", content: "Hello" }] })
    await rows().nth(1).waitFor()
    expect(await rows().first().textContent()).toContain("chat.completions")
    await expectAccessible(page)
  })

  it("holds changes back while it is paused, and shows them afterwards", async () => {
    await page.getByRole("button", { name: "Live" }).click()
    await ask("The library opens at nine. When does the library open?")
    await page.getByText(/Paused · \d+ changed/).waitFor()
    expect(await rows().count()).toBe(2)
    await page.getByRole("button", { name: /Paused/ }).click()
    await rows().nth(2).waitFor()
  })

  it("keeps its filters in the address, also over a reload", async () => {
    await page.getByLabel("Kind").selectOption("response")
    await page.waitForURL(/kind=response/)
    await page.waitForFunction(() => document.querySelectorAll("[data-run]").length === 2)
    await page.keyboard.press("/")
    await page.keyboard.type("library")
    await page.waitForURL(/search=library/)
    await page.waitForFunction(() => document.querySelectorAll("[data-run]").length === 1)
    await page.reload()
    await page.waitForFunction(() => document.querySelectorAll("[data-run]").length === 1)
    expect(await page.getByLabel("Search runs").inputValue()).toBe("library")
    await page.getByLabel("Status").selectOption("failed")
    await page.getByRole("button", { name: "Clear the filter" }).click()
    await rows().nth(2).waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/runs`)
  })

  it("opens a run by keys, and shows what was asked, what was answered, where the time went, and its log", async () => {
    await page.locator("body").click({ position: { x: 90, y: 500 } })
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.waitForURL(/\/dashboard\/runs\/run_/)
    await page.locator('[data-part="prompt"]').getByText("When does the library open?").waitFor()
    await page.locator('[data-part="answer"]').getByText("The library opens at nine").waitFor()
    await page.getByRole("region", { name: "Timeline" }).getByRole("listitem").first().waitFor()
    const log = page.getByRole("list", { name: "Event log" })
    await log.getByText("run.started").waitFor()
    await page.getByLabel("Filter events by type").fill("usage")
    await log.getByRole("button").first().click()
    await log.getByText("inputTokens", { exact: true }).waitFor()
    expect(await log.getByRole("listitem").count()).toBe(1)
    await expectAccessible(page)
  })

  it("shows text as text, whatever is in it", async () => {
    const hostile = `<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>`
    await ask(`${hostile} is a text. The door is green. Which colour is the door?`)
    await page.goto(`${server.url}/dashboard/runs`)
    await rows().first().getByRole("link").click()
    await page.locator('[data-part="prompt"]').getByText(hostile).waitFor()
    expect(await page.evaluate(() => "broken" in globalThis)).toBe(false)
  })

  it("says of a run that does not exist that it does not", async () => {
    await page.goto(`${server.url}/dashboard/runs/run_0`)
    await page.getByText("There is no run 'run_0'.").waitFor()
    expect(problems.splice(0).every((problem) => problem.includes("404"))).toBe(true) // the browser reports each
  })

  it("opens every page of its navigation", async () => {
    await page.goto(`${server.url}/dashboard/runs`)
    const links = page.getByRole("navigation", { name: "Main" }).getByRole("link")
    const labels = (await links.allTextContents()).slice(1) // the first is the mark
    expect(labels.length).toBeGreaterThan(10)
    for (const label of labels) {
      await links.filter({ hasText: label }).last().click()
      await page.getByRole("heading", { level: 1, name: label }).waitFor()
    }
  })

  it("says of a page whose files the server does not give that it must be loaded again, and opens it then", async () => {
    await page.goto(`${server.url}/dashboard/runs`)
    await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor()
    await page.route("**/dashboard/assets/*.js", (route) => route.abort())
    await page.getByRole("link", { name: "Limits" }).click()
    await page.getByText("The server did not give the files of this page").waitFor()
    await expectAccessible(page)
    await page.getByRole("link", { name: "Runs", exact: true }).click()
    await page.getByRole("heading", { level: 1, name: "Runs" }).waitFor()
    await page.unroute("**/dashboard/assets/*.js")
    await page.getByRole("link", { name: "Limits" }).click()
    await page.getByRole("button", { name: "Load again" }).click()
    await page.getByRole("heading", { level: 1, name: "Limits" }).waitFor()
    expect(problems.splice(0).every((problem) => problem.includes("ERR_FAILED"))).toBe(true) // the browser reports each
  })

  it("sums up the last 24 hours", async () => {
    await page.goto(`${server.url}/dashboard/overview`)
    await page.getByRole("region", { name: "By model" }).getByText("perdure/extractive").waitFor()
    expect(await page.getByRole("img").getAttribute("aria-label")).toMatch(/^[4-9] runs in 24 hours, 0 failed$/)
    await expectAccessible(page)
  })

  it("shows the newest memories, and finds them by their meaning", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const body = JSON.stringify({ scope: "project", text: "Invoices are sent on the first of the month." })
    expect((await fetch(`${server.url}/v1/memories`, { method: "POST", headers, body })).ok).toBe(true)
    await page.goto(`${server.url}/dashboard/memories`)
    await page.getByText("Invoices are sent on the first of the month.", { exact: true }).waitFor()
    await expectAccessible(page)
    await page.getByLabel("What to look for").fill("when do bills go out")
    await page.getByRole("button", { name: "Search" }).click()
    await page.waitForURL(/query=when/)
    const found = page.locator("[data-memory]").filter({ hasText: "Invoices are sent on the first of the month." })
    await found.getByText(/meaning #\d/).waitFor()
    await expectAccessible(page)
  })

  const status = async (key: string, path = "/v1/models"): Promise<number> => {
    const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } })
    await answer.body?.cancel()
    return answer.status
  }
  /** The secret that a dialog shows, put away afterwards. */
  const shownSecret = async (): Promise<string> => {
    const secret = (await page.getByRole("dialog").locator("pre").textContent())?.trim() ?? ""
    await expectAccessible(page)
    await page.getByRole("button", { name: "I have it" }).click()
    expect(await page.content()).not.toContain(secret)
    return secret
  }
  const keyRow = (name: string): ReturnType<Page["locator"]> => page.locator("[data-key]").filter({ hasText: name })

  it("makes a restricted key, shows its secret once, and says what it may use, what it cost and when it was used", async () => {
    await page.goto(`${server.url}/dashboard/keys`)
    await page.getByRole("button", { name: "New key" }).click()
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByText("A key needs a name.").waitFor()
    await page.getByLabel("Name").fill("from the browser")
    await page.getByLabel("Models").fill("perdure/*")
    await page.getByLabel("chat", { exact: true }).check()
    await page.getByLabel("More endpoints").fill("/v1/nowhere,embedding")
    await page.getByLabel("Budget in dollars").fill("2.5")
    await page.getByLabel("Window of the budget").selectOption("day")
    await page.getByLabel("Requests per minute").fill("600")
    await page.getByLabel("Expires").selectOption("In 30 days")
    await page.getByLabel("Tags").fill("browser")
    await expectAccessible(page)
    await page.getByRole("button", { name: "Create key" }).click()
    await page.getByRole("status").getByText("must be a route group").waitFor()
    expect(problems.splice(0).every((problem) => problem.includes("400"))).toBe(true) // the browser reports the refusal
    await page.getByLabel("More endpoints").fill("")
    await page.getByRole("button", { name: "Create key" }).click()
    const secret = await shownSecret()
    expect([await status(secret), await status(secret, "/v1/runs")]).toEqual([200, 403])
    const own = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: secret })
    await own.chat.completions.create({ model: "perdure/extractive", messages: [{ role: "user", content: "Hello" }] })
    await expect
      .poll(
        async () => {
          await page.reload()
          // Asked for apart from the keys.
          await keyRow("from the browser")
            .getByText(/^\d+ runs?$/)
            .waitFor()
          return keyRow("from the browser").textContent()
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toMatch(/#browser.*perdure\/\*.*chat.*\$2\.5 per day.*600 requests\/min.*1 run.*ago.*ends/)
    expect(await page.content()).not.toContain(secret)
    await expectAccessible(page)
  })

  it("changes a key, gives it a new secret, and revokes it", async () => {
    await page.getByRole("button", { name: "Edit from the browser" }).click()
    expect(await page.getByLabel("Models").inputValue()).toBe("perdure/*")
    await page.getByLabel("runs", { exact: true }).check()
    await page.getByLabel("Budget in dollars").fill("")
    await page.getByRole("button", { name: "Save" }).click()
    await keyRow("from the browser").getByText("chat, runs").waitFor()
    expect(await keyRow("from the browser").textContent()).not.toContain("$2.5")

    await page.getByRole("button", { name: "Rotate from the browser" }).click()
    await page.getByLabel("It works for another hour").check()
    await page.getByRole("button", { name: "Rotate", exact: true }).click()
    const second = await shownSecret()
    await keyRow("from the browser").getByText("old secret ends").waitFor()
    await page.getByRole("button", { name: "Rotate from the browser" }).click()
    await page.getByLabel("It stops at once").check()
    await page.getByRole("button", { name: "Rotate", exact: true }).click()
    const third = await shownSecret()
    expect([await status(second, "/v1/runs"), await status(third, "/v1/runs")]).toEqual([401, 200])

    await page.getByRole("button", { name: "Block from the browser" }).click()
    await page.getByRole("button", { name: "Yes, block" }).click()
    await keyRow("from the browser").getByText("blocked", { exact: true }).waitFor()
    expect(await status(third, "/v1/runs")).toBe(401)
    await page.getByRole("button", { name: "Unblock from the browser" }).click()
    await page.getByRole("button", { name: "Yes, unblock" }).click()
    await page.getByRole("button", { name: "Block from the browser", exact: true }).waitFor()
    expect(await status(third, "/v1/runs")).toBe(200)

    await page.getByRole("button", { name: "Revoke from the browser" }).click()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Revoke from the browser" }).click()
    await page.getByRole("button", { name: "Yes, revoke" }).click()
    await page.getByText("revoked", { exact: true }).waitFor()
    expect(await status(third)).toBe(401)
  })

  it("finds keys by name and state, in the address too, and says when there is none", async () => {
    await page.getByLabel("State").selectOption("live")
    await page.waitForFunction(() => document.querySelectorAll("[data-key]").length === 1)
    await page.getByLabel("Search keys").fill("browser")
    await page.getByText("No key fits the filter.").waitFor()
    expect(page.url()).toMatch(/state=live&search=browser/)
    await expectAccessible(page)
    await page.getByRole("button", { name: "Clear the filter" }).click()
    await keyRow("from the browser").waitFor()
    expect(page.url()).toBe(`${server.url}/dashboard/keys`)
  })

  it("is dark where the system is, and as the person chooses from then on", async () => {
    await page.goto(`${server.url}/dashboard/runs`)
    const light = await background()
    await page.emulateMedia({ colorScheme: "dark" })
    const dark = await background()
    expect(dark).not.toBe(light)
    for (const path of ["runs", "overview", "keys", "memories", "runs?kind=response"]) {
      await page.goto(`${server.url}/dashboard/${path}`)
      await page.getByRole("heading", { level: 1 }).waitFor()
      await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" })
      await expectAccessible(page)
    }
    await rows().first().getByRole("link").click()
    await page.getByRole("list", { name: "Event log" }).getByText("run.started").waitFor()
    await expectAccessible(page)
    await page.getByRole("button", { name: "Theme: system" }).click()
    expect(await background()).toBe(light)
    await page.reload()
    expect(await background()).toBe(light)
  })
  it("goes on by itself after the server was killed and started again", async () => {
    await page.goto(`${server.url}/dashboard/runs`)
    await page.getByRole("button", { name: "Live" }).waitFor()
    // The stream of changes may be open before the list is there.
    await rows().first().waitFor()
    const before = await rows().count()
    await server.kill()
    await page.getByRole("button", { name: "Connecting" }).waitFor()
    const { apiKey } = server
    server = await startPerdure({ dataDirectory: directory.path, apiKey, port: Number(new URL(server.url).port) })
    await ask("The tower is old. How is the tower?")
    await rows().nth(before).waitFor()
    await page.getByRole("button", { name: "Live" }).waitFor()
    expect(await rows().count()).toBe(before + 1)
    expect(problems.splice(0).every((problem) => problem.includes("ERR_"))).toBe(true) // the browser reports the lost connections
  })

  it("has raised no error and met no breach of its own policy in all of this", () => {
    expect(problems).toEqual([])
  })
})
