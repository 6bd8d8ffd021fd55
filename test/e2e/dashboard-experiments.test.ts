// Prompts, experiments and scores in a real browser, on a server whose experiment shifts its weights by scores.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const browserPath = findBrowser()

describe.skipIf(browserPath === undefined)("prompts, experiments and scores in a browser", () => {
  const cleanUps = new AsyncDisposableStack()
  let server: StartedServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    const provider = cleanUps.use(await startFakeProvider({ text: "hi" }))
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url))
    mkdirSync(join(directory.path, "prompts"))
    writeFileSync(join(directory.path, "prompts", "support.prompt.md"), "---\nlabels: [production]\n---\nYou help customers of {{shop}}.")
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
    browser = await openBrowser(browserPath ?? "")
    cleanUps.defer(() => browser.close())
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" })
    ;({ page, problems } = await openPage(context))
    await page.goto(server.dashboardUrl)
    await page.waitForURL(`${server.url}/dashboard/runs`)
  })
  afterAll(() => cleanUps.disposeAsync())

  const post = async (path: string, body: object): Promise<{ headers: Headers; body: Record<string, unknown> }> => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    return { headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
  }
  const ask = async (model: string, more: object = {}): Promise<{ runId: string; variant: string }> => {
    const { headers } = await post("/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }], ...more })
    return { runId: headers.get("x-perdure-run-id") ?? "", variant: headers.get("x-perdure-experiment") ?? "" }
  }
  const cells = async (row: string): Promise<string[]> => {
    const found = page.locator(row)
    await found.waitFor()
    return (await found.locator("td").allTextContents()).map((text) => text.trim())
  }

  it("say what each is while there is none", async () => {
    await page.getByRole("link", { name: "Scores" }).click()
    await page.getByRole("heading", { name: "No scores yet" }).waitFor()
    await expectAccessible(page)
    await page.getByRole("link", { name: "Experiments" }).click()
    expect((await cells('[data-experiment="size"]')).slice(0, 5)).toEqual([
      "sizeIs the large one worth it?",
      "Running",
      "experiment/size, assistant",
      "cheap 50 % · dear 50 %",
      "on",
    ])
    await expectAccessible(page)
  })

  it("show a prompt's versions, their text, their labels, and the runs that used them", async () => {
    await post("/v1/prompts", { name: "greet", messages: [{ role: "system", content: "Greet {{name}}." }], labels: ["production"] })
    await post("/v1/prompts", {
      name: "greet",
      messages: [{ role: "system", content: "Hail {{name}}!" }],
      parameters: { temperature: 0.2 },
    })
    await ask("small", { perdure: { prompt: { id: "greet", variables: { name: "Ada" } } } })
    await page.getByRole("link", { name: "Prompts" }).click()
    expect(await cells('[data-prompt="support"]')).toEqual(["support", "1", "1", "production → 1", "prompts/support.prompt.md"])
    await expectAccessible(page)
    await page.getByRole("link", { name: "greet", exact: true }).click()
    await page.getByText("Greet {{name}}.").waitFor()
    await page.locator('[data-version="2"]').click()
    await page.getByText("Hail {{name}}!").waitFor()
    await page.getByText("Variables: {{name}}").waitFor()
    await page.locator("tr[data-run]").waitFor()
    await expectAccessible(page)
    await page.getByRole("button", { name: "Point it here" }).click()
    await page.locator("header").getByText("production → 2").waitFor()
    await page.getByRole("link", { name: "All its runs" }).click()
    await page.waitForURL(/\/runs\?prompt=greet/)
    await page.getByText("chat.completions").first().click()
    await page.getByRole("link", { name: "greet@1" }).waitFor()
  })

  it("show an experiment's variants, weights over time, scores with their bounds, and why its weights shifted", async () => {
    for (let turn = 0; turn < 60; turn += 1) {
      const { runId, variant } = await ask("assistant")
      const isGood = variant === "size=dear" ? turn % 8 !== 0 : turn % 8 === 0
      await post("/v1/feedback", { runId, name: "helpful", value: isGood, ...(turn === 0 ? { comment: "as it should be" } : {}) })
    }
    await page.goto(`${server.url}/dashboard/experiments/size`)
    await page.locator('[data-entry="sampled"]').first().waitFor()
    await page.locator('[data-variant="dear"]').filter({ hasText: "90 %" }).first().waitFor()
    expect(await page.locator('[data-entry="sampled"]').first().textContent()).toContain(
      '"helpful" is highest with dear at a probability of',
    )
    expect(await page.getByRole("img", { name: /^Now: cheap 10 %, dear 90 %$/ }).count()).toBe(1)
    expect(await page.locator('[data-score="helpful"] [data-variant="dear"]').textContent()).toMatch(/between 0\.\d+ and 0\.\d+.*scores/)
    await expectAccessible(page)
    await page.getByRole("link", { name: "Its runs" }).click()
    await page.waitForURL(/\/runs\?experiment=size/)
    await page.getByText("chat.completions").first().click()
    await page.getByRole("link", { name: /^size=(?:dear|cheap)$/ }).waitFor()
  })

  it("pause, resume and promote an experiment, with the reason in its log", async () => {
    await page.goto(`${server.url}/dashboard/experiments/size`)
    await page.getByRole("button", { name: "Pause" }).click()
    await page.getByLabel("Reason, for the log").fill("too dear")
    await expectAccessible(page)
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click()
    await page.locator('[data-entry="paused"]').getByText("Everybody gets the control for now: too dear").waitFor()
    expect((await ask("assistant")).variant).toBe("size=cheap")
    await page.getByRole("button", { name: "Resume" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click()
    await page.locator('[data-entry="resumed"]').waitFor()
    await page.getByRole("button", { name: "Promote" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Promote" }).click()
    await page.locator("header").getByText("Promoted: dear").waitFor()
    expect((await ask("assistant")).variant).toBe("size=dear")
  })

  it("show scores by name over time, and the newest of them with their runs", async () => {
    await page.goto(`${server.url}/dashboard/scores`)
    expect((await cells('[data-sum="helpful"]')).slice(0, 3)).toEqual(["helpful", "–", "60"])
    await page.getByLabel("Score", { exact: true }).selectOption("helpful")
    await page.getByRole("img", { name: "60 scores in the last 30 days" }).waitFor()
    await page.locator("tr[data-score]").nth(49).waitFor()
    expect(await page.locator("tr[data-score]").count()).toBe(50)
    await page.getByRole("button", { name: "Show more" }).click()
    await page.getByText("as it should be").waitFor()
    await expectAccessible(page)
  })

  it("are accessible in the dark and readable on a narrow screen", async () => {
    await page.emulateMedia({ colorScheme: "dark" })
    await page.setViewportSize({ width: 400, height: 800 })
    for (const [place, row] of [
      ["prompts", "[data-prompt]"],
      ["prompts/greet", "[data-version]"],
      ["experiments", "[data-experiment]"],
      ["experiments/size", "[data-variant]"],
      ["scores?name=helpful", "[data-score]"],
    ] as const) {
      await page.goto(`${server.url}/dashboard/${place}`)
      await page.locator(row).first().waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400)
      await expectAccessible(page)
    }
  })

  it("have raised no error in all of this", () => {
    expect(problems).toEqual([])
  })
})

function configOf(providerUrl: string): string {
  return `limits: { experimentLookMs: 200 }
providers: { fake: { baseUrl: "${providerUrl}" } }
models:
  small: { deployments: [{ provider: fake, model: s }] }
  large: { deployments: [{ provider: fake, model: l }] }
experiments:
  size:
    description: Is the large one worth it?
    models: [assistant]
    variants: { cheap: { model: small }, dear: { model: large } }
    sampling: { score: helpful, minimumSamples: 8, everyMs: 1000, min: 0.1, step: 0.2 }
`
}
