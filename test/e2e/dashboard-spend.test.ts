// Spend and limits in a real browser, on a server with budgets, several keys and a model without a price.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const browserPath = findBrowser()
const usage = { prompt_tokens: 1_000, completion_tokens: 500 }

describe.skipIf(browserPath === undefined)("spend and limits in a browser", () => {
  const cleanUps = new AsyncDisposableStack()
  let server: StartedServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    const provider = cleanUps.use(await startFakeProvider({ text: "hi", usage }))
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url))
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
    browser = await openBrowser(browserPath ?? "")
    cleanUps.defer(() => browser.close())
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" })
    ;({ page, problems } = await openPage(context))
    await page.goto(server.dashboardUrl)
    await page.waitForURL(`${server.url}/dashboard/runs`)
  })
  afterAll(() => cleanUps.disposeAsync())

  const post = async (path: string, body: object, key = server.apiKey): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    return (await answer.json()) as Record<string, unknown>
  }
  const ask = (model: string, key = server.apiKey, user?: string): Promise<unknown> =>
    post("/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }], max_tokens: 500, user }, key)
  const cells = async (row: string): Promise<string[]> => {
    const found = page.locator(row)
    await found.waitFor()
    return (await found.locator("td").allTextContents()).map((text) => text.trim())
  }

  let supportKey = ""

  it("say that nothing was spent, and what is declared, before the first call", async () => {
    await page.getByRole("link", { name: "Spend" }).click()
    await page.getByRole("heading", { name: "Nothing was spent in the last 30 days" }).waitFor()
    await expectAccessible(page)
    await page.getByRole("link", { name: "Limits" }).click()
    expect(await cells('[data-limit="each-key"]')).toMatchObject({ 1: "each key", 2: "$0.0300 per day", 4: "$0.0300" })
    expect(await cells('[data-limit="shared"]')).toMatchObject({ 1: "every project", 4: "$1000.00" })
    await expectAccessible(page)
  })

  it("show what was spent by model over time, with its share, and flag what has no price", async () => {
    const { secret } = (await post("/v1/keys", { name: "support-bot", tags: ["team-a"] })) as { secret: string }
    supportKey = secret
    // $0.002 each: 1,000 tokens at $1 and 500 at $2 a million.
    await ask("priced")
    await ask("priced", secret, "ada")
    await ask("unpriced", secret)
    await page.goto(`${server.url}/dashboard/spend`)
    await page.locator('[data-group="unpriced"]').waitFor()
    expect(await cells('[data-group="priced"]')).toEqual(["priced", "100 %", "2", "0", "2,000", "0", "1,000", "$0.004000"])
    expect((await cells('[data-group="unpriced"]'))[0]).toBe("unpricedprice unknown")
    await page.getByRole("region", { name: "Unknown prices" }).getByText("unpriced", { exact: true }).waitFor()
    expect(await page.getByRole("img").getAttribute("aria-label")).toContain("≥ $0.004000 in the last 30 days")
    await expectAccessible(page)
  })

  it.each([
    ["deployment", "fake/a", "$0.004000"],
    ["principal", "support-bot", "≥ $0.002000"],
    ["user", "ada", "$0.002000"],
    ["tag", "team-a", "≥ $0.002000"],
    ["kind", "chat", "≥ $0.004000"],
  ])("show what was spent by %s", async (group, name, cost) => {
    await page.getByLabel("Group", { exact: true }).selectOption(group)
    await page.waitForURL(new RegExp(`by=${group}`))
    const row = page.locator("[data-group]").filter({ has: page.getByText(name, { exact: true }) })
    await row.waitFor()
    expect(await row.locator("td").last().textContent()).toBe(cost)
  })

  it("keep range, measure and group in the address, and show tokens per hour", async () => {
    await page.getByLabel("Group", { exact: true }).selectOption("model")
    await page.getByLabel("Measure").selectOption("tokens")
    await page.getByLabel("Range").selectOption("day")
    await page.getByRole("heading", { name: "Tokens per hour" }).waitFor()
    await page.reload()
    await page.getByRole("list", { name: "Groups" }).getByText("1,500").waitFor()
    expect(await page.getByLabel("Measure").inputValue()).toBe("tokens")
    expect(await page.getByRole("img").getAttribute("aria-label")).toContain("4,500 in the last 24 hours")
    await expectAccessible(page)
  })

  it("lead from the names of metadata to their values and to the runs that have them, and narrow sums by a tag", async () => {
    const said = { metadata: { customer: "acme", tags: ["beta"] } }
    await post("/v1/chat/completions", { model: "priced", messages: [{ role: "user", content: "hi" }], max_tokens: 500, perdure: said })
    await page.goto(`${server.url}/dashboard/spend`)
    await page.getByLabel("Group", { exact: true }).selectOption("metadata")
    await page.getByRole("link", { name: "customer" }).click()
    await page.waitForURL(/by=metadata\.customer/)
    expect((await cells('[data-group="acme"]')).at(-1)).toBe("$0.002000")
    expect((await cells('[data-group=""]'))[0]).toContain("no customer")
    await page.getByLabel("Only runs of").fill("beta")
    await page.waitForURL(/only=beta/)
    await page.locator('[data-group=""]').waitFor({ state: "detached" })
    await expectAccessible(page)
    await page.getByRole("link", { name: "acme" }).click()
    await page.waitForURL(/runs\?metadata=customer%3Dacme/)
    await page.locator("[data-run]").first().click()
    await page.getByRole("link", { name: "beta", exact: true }).waitFor()
    await expectAccessible(page)
  })

  it("show how full each limit is, the fullest first, and find them by state, sort and name", async () => {
    await ask("small")
    await ask("priced", supportKey) // its limit is of a day, and another may have begun
    await page.goto(`${server.url}/dashboard/limits`)
    await page.locator('[data-limit="small"][data-state="full"]').waitFor()
    expect(await page.locator("[data-limit]").first().getAttribute("data-limit")).toBe("small")
    const team = await cells('[data-limit="team"]')
    expect([team[1], team[2]]).toEqual(["every call", "$1.00 per month"])
    expect(await page.getByRole("meter", { name: "Used of small" }).getAttribute("aria-valuenow")).toBe("100")
    await expectAccessible(page)
    await page.getByLabel("State", { exact: true }).selectOption("full")
    await page.waitForFunction(() => document.querySelectorAll("[data-limit]").length === 1)
    await page.getByLabel("State", { exact: true }).selectOption("")
    await page.getByLabel("Search limits").fill("support-bot")
    await page.waitForFunction(() => document.querySelectorAll("[data-limit]").length === 1)
    expect((await cells("[data-limit]"))[1]).toBe("key support-bot")
    await page.getByLabel("Sort of limit").selectOption("rate")
    await page.getByRole("button", { name: "Clear the filter" }).click()
    await page.locator('[data-limit="team"]').waitFor()
  })

  it("are accessible in the dark and readable on a narrow screen", async () => {
    await page.emulateMedia({ colorScheme: "dark" })
    await page.setViewportSize({ width: 400, height: 800 })
    for (const place of ["spend?by=user", "limits"]) {
      await page.goto(`${server.url}/dashboard/${place}`)
      await page
        .locator(place === "limits" ? "[data-limit]" : "[data-group]")
        .first()
        .waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400)
      await expectAccessible(page)
    }
  })

  it("have raised no error in all of this", () => {
    expect(problems).toEqual([])
  })
})

function configOf(providerUrl: string): string {
  const price = "price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }"
  return `providers: { fake: { baseUrl: "${providerUrl}" } }
models:
  priced: { deployments: [{ provider: fake, model: a, ${price} }] }
  unpriced: { deployments: [{ provider: fake, model: b }] }
  small: { deployments: [{ provider: fake, model: c, ${price} }] }
unknownPrice: { inputPerMillionUsd: 0.1, outputPerMillionUsd: 0.1 }
budgets:
  - { name: team, for: { project: "*" }, usd: 1, per: month }
  - { name: each-key, for: { key: "*" }, usd: 0.03, per: day }
  - { name: small, for: { project: "*", model: small }, tokens: 1500, per: total }
  - { name: shared, usd: 1000, per: month }
discovery: false
`
}
