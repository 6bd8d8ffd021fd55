// The pages of models and deployments in a real browser: names, shares, health as it changes, unknown prices, a refused configuration.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const browserPath = findBrowser()

const yaml = (good: string, bad: string): string => `discovery: false
providers:
  north: { baseUrl: "${good}", apiKey: none }
  south: { baseUrl: "${bad}", apiKey: none }
  engine: { type: vllm, baseUrl: "http://127.0.0.1:9/v1", apiKey: none }
models:
  fast:
    aliases: [gpt-4o-mini]
    regions: [eu]
    deployments:
      - { provider: north, model: small, weight: 3, region: eu, tags: [lane], price: { inputPerMillionUsd: 0.15, outputPerMillionUsd: 0.6 } }
      - { provider: south, model: small, weight: 1, region: eu, limits: { requestsPerMinute: 600 } }
      - { provider: engine, model: llama, priority: 1, region: eu }
    fallbacks: [steady]
  steady:
    deployments: [{ provider: north, model: large, region: eu, price: { inputPerMillionUsd: 3, outputPerMillionUsd: 15 } }]
  shaky:
    deployments: [{ provider: south, model: medium }]
  "north/*":
    deployments: [{ provider: north, model: "*" }]
`

describe.skipIf(browserPath === undefined)("models and deployments in a browser", () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let good: FakeProvider
  let bad: FakeProvider
  let config: string
  let server: StartedServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    directory = await temporaryDirectory()
    good = await startFakeProvider()
    bad = await startFakeProvider({ error: { status: 401 } })
    config = join(directory.path, "perdure.yaml")
    await writeFile(config, yaml(good.url, bad.url))
    server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    browser = await openBrowser(browserPath ?? "")
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" })
    ;({ page, problems } = await openPage(context))
    await page.goto(server.dashboardUrl)
    await page.waitForURL(`${server.url}/dashboard/runs`)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    await good?.[Symbol.asyncDispose]()
    await bad?.[Symbol.asyncDispose]()
    await directory?.[Symbol.asyncDispose]()
  })

  const model = (name: string): ReturnType<Page["locator"]> => page.locator(`[data-model="${name}"]`)
  const place = (name: string): ReturnType<Page["locator"]> => page.locator(`tr[data-deployment^="${name}"]`)
  const chat = (name: string): Promise<Response> =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: name, messages: [{ role: "user", content: "Hello" }] }),
    })

  it("shows each name with its aliases, deployments, shares, order and prices", async () => {
    await page.getByRole("link", { name: "Models" }).click()
    const fast = model("fast")
    await fast.getByText("also gpt-4o-mini").waitFor()
    await fast.getByText("only in eu · else steady").waitFor()
    expect(await fast.locator("[data-deployment]").count()).toBe(3)
    await fast.getByText("first, 75 %").waitFor()
    await fast.getByText("first, 25 %").waitFor()
    await fast.getByText("then (1)").waitFor()
    await fast.getByText("$0.15 · $0.60").waitFor()
    await fast.getByText("#lane").waitFor()
    await model("north/*").getByText("any name that fits").waitFor()
    await model("north/*").getByText("by model").waitFor()
    await model("shaky").getByText("unknown").waitFor()
    await model("perdure/minilm").getByText("free").waitFor()
    await expectAccessible(page)
  })

  it("shows without a reload that calls fail, and why, and how fast others are", async () => {
    expect((await chat("shaky")).status).toBe(502)
    await model("shaky").getByText("Left alone").waitFor()
    await model("shaky").getByText("it refuses the credentials").waitFor()
    expect((await chat("steady")).status).toBe(200)
    await model("steady").getByText("Well").waitFor()
    await model("steady")
      .getByText(/^[\d.]+ m?s$/)
      .waitFor()
  })

  it("finds models by alias, by trouble and by unknown prices, in the address too", async () => {
    await page.getByLabel("Search models").fill("4o-mini")
    await model("shaky").waitFor({ state: "detached" })
    expect(await page.locator("[data-model]").count()).toBe(1)
    await page.goto(`${server.url}/dashboard/models?only=unpriced`)
    await model("shaky").waitFor()
    expect(await model("steady").count()).toBe(0)
    await page.getByLabel("Search models").fill("nothing like it")
    await page.getByRole("button", { name: "Clear the filter" }).click()
    await model("steady").waitFor()
  })

  it("lists deployments with those in trouble first, their last error, their probe and what they serve", async () => {
    await page.getByRole("link", { name: "Deployments" }).click()
    const shaky = place("south/medium")
    await shaky.getByText("serves shaky").waitFor()
    await shaky.getByText("1 failed").waitFor()
    expect(await shaky.getByText(/perdure\.yaml:\d+$/).textContent()).not.toContain("/")
    await place("engine/llama").getByText("ECONNREFUSED").first().waitFor()
    await place("south/small").getByText("600 requests/min").waitFor()
    const order = await page.locator("tr[data-deployment]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-deployment")))
    expect(new Set(order.slice(0, 2))).toEqual(new Set(["engine/llama", "south/medium"]))
    await expectAccessible(page)
  })

  it("says when a changed configuration was refused, and shows a model as soon as the file declares it", async () => {
    await page.getByRole("link", { name: "Models" }).click()
    await writeFile(config, yaml(good.url, bad.url).replace("provider: north, model: large", "provider: nowhere, model: large"))
    await page.getByText(/has 1 problem: what was loaded .* stays in force/).waitFor()
    await expectAccessible(page)
    const declared = "\n  newcomer: { deployments: [{ provider: north, model: small }] }\nlimits: { turnsMax: 3 }\n"
    await writeFile(config, yaml(good.url, bad.url).trimEnd() + declared)
    await model("newcomer").waitFor()
    await page.getByText("In force after a restart: limits.turnsMax").waitFor()
  })

  it("fits a narrow window, and the dark", async () => {
    await page.emulateMedia({ colorScheme: "dark" })
    for (const path of ["models", "deployments"]) {
      await page.goto(`${server.url}/dashboard/${path}`)
      await page.locator("[data-deployment]").first().waitFor()
      await expectAccessible(page)
      await page.setViewportSize({ width: 390, height: 844 })
      await expectAccessible(page)
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
      await page.setViewportSize({ width: 1440, height: 900 })
    }
    expect(problems).toEqual([])
  })
})
