// Documents in a real browser: a vector store made, files added and read, one that fails with its reason, a search that says why, and the end of it all.
import { join } from "node:path"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { expectAccessible, findBrowser, openBrowser, openPage } from "../support/browser.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const browserPath = findBrowser()
const handbook = "# Billing\n\nInvoices are sent on the first of the month.\n\n# Holidays\n\nThe office is closed in August.\n"

describe.skipIf(browserPath === undefined)("documents in a browser", () => {
  const cleanUps = new AsyncDisposableStack()
  let server: StartedServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    const directory = cleanUps.use(await temporaryDirectory())
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data") }))
    browser = await openBrowser(browserPath ?? "")
    cleanUps.defer(() => browser.close())
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light" })
    ;({ page, problems } = await openPage(context))
    await page.goto(server.dashboardUrl)
    await page.waitForURL(`${server.url}/dashboard/runs`)
  })
  afterAll(() => cleanUps.disposeAsync())

  it("say how to make a vector store where there is none, and make one", async () => {
    await page.getByRole("link", { name: "Documents" }).click()
    await page.getByRole("heading", { name: "No documents yet" }).waitFor()
    await expectAccessible(page)
    await page.getByRole("button", { name: "New vector store" }).click()
    await page.getByLabel("Name").fill("handbook")
    await page.getByRole("button", { name: "Create", exact: true }).click()
    await page.getByRole("heading", { name: "handbook" }).waitFor()
    await page.getByText("No files yet.").waitFor()
  })

  it("read the files that are added, and say why one could not be read", async () => {
    await page.getByLabel("Files to add").setInputFiles([
      { name: "handbook.md", mimeType: "text/markdown", buffer: Buffer.from(handbook) },
      { name: "broken.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\nno object at all") },
    ])
    await page.locator('[data-file="handbook.md"][data-status="completed"]').waitFor()
    const broken = page.locator('[data-file="broken.pdf"][data-status="failed"]')
    await broken.waitFor()
    expect(await broken.textContent()).toMatch(/PDF/)
    await expectAccessible(page)
  })

  it("show what a question finds, with its heading and why", async () => {
    await page.getByLabel("Question").fill("when are invoices sent?")
    await page.getByRole("button", { name: "Search", exact: true }).click()
    const first = page.getByRole("region", { name: "Try a search" }).getByRole("listitem").first()
    await first.waitFor()
    const text = (await first.textContent()) ?? ""
    expect(text).toContain("handbook.md › Billing")
    expect(text).toContain("Invoices are sent on the first of the month.")
    expect(text).toMatch(/words #1 \(/)
    expect(text).toMatch(/meaning #1 \(/)
    expect(page.url()).toContain("query=when")
    await expectAccessible(page)
  })

  it("show what a threshold and a filter leave out, and why, from the address alone too", async () => {
    const region = page.getByRole("region", { name: "Try a search" })
    await page.getByLabel("Score from").fill("1")
    await page.getByLabel("Score from").press("Enter")
    await region.getByText("left out, and why").click()
    await region.getByText("its score is too low").first().waitFor()
    await page.getByLabel("Score from").fill("")
    await page.getByLabel("Score from").press("Enter")
    await page.getByLabel("Attributes").fill("author = Ada")
    await page.getByLabel("Attributes").press("Enter")
    await region.getByText("its attributes do not fit").first().waitFor({ state: "attached" })
    expect(page.url()).toContain("filter=author")
    await page.getByLabel("Ranker").fill("none")
    await page.getByLabel("Ranker").press("Enter")
    await expect.poll(() => page.url(), { timeout: 60_000 }).toContain("ranker=none")
    await page.getByLabel("Ranker").fill("")
    await page.getByLabel("Ranker").press("Enter")
    await page.getByLabel("Attributes").fill("author")
    await page.getByLabel("Attributes").press("Enter")
    await region.getByText("is no comparison").waitFor()
    await page.getByLabel("Attributes").fill("")
    await page.getByLabel("Attributes").press("Enter")
    await region.getByRole("listitem").first().waitFor()
    await expectAccessible(page)
  })

  it("show the text of a file as it was read", async () => {
    await page.getByRole("button", { name: "Read handbook.md" }).click()
    const dialog = page.getByRole("dialog", { name: "handbook.md" })
    await dialog.getByText("The office is closed in August.").waitFor()
    await expectAccessible(page)
    await page.keyboard.press("Escape")
    await dialog.waitFor({ state: "detached" })
  })

  it("open the run that read a file", async () => {
    await page.locator('[data-file="handbook.md"]').getByRole("link", { name: "ready" }).click()
    await page.waitForURL(/\/dashboard\/runs\/run_/)
    await expect.poll(() => page.locator("main").textContent(), { timeout: 60_000 }).toContain("ingestion")
    await page.goBack()
  })

  it("are listed with what became of their files, on a narrow dark page too", async () => {
    const narrow = await browser.newContext({
      viewport: { width: 390, height: 800 },
      colorScheme: "dark",
      storageState: await context.storageState(),
    })
    const small = (await openPage(narrow)).page
    await small.goto(`${server.url}/dashboard/documents`)
    const row = small.locator('[data-store="handbook"]')
    await row.waitFor()
    expect(await row.textContent()).toContain("2 · 1 failed")
    await expectAccessible(small)
    await row.getByRole("link", { name: "handbook" }).click()
    await small.locator('[data-file="broken.pdf"]').waitFor()
    await expectAccessible(small)
    await narrow.close()
  })

  it("let a file be removed and the store be deleted", async () => {
    await page.locator('[data-file="broken.pdf"]').getByRole("button", { name: "Remove broken.pdf" }).click()
    await page.locator('[data-file="broken.pdf"]').waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Delete", exact: true }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click()
    await page.getByRole("heading", { name: "No documents yet" }).waitFor()
    expect(problems).toEqual([])
  })
})
