// A real Chromium for whole-system tests; says why where there is none.
import axe from "axe-core"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core"
import { expect } from "vitest"

const root = join(import.meta.dirname, "..", "..")
export const dashboardDirectory = join(root, "packages", "server", "assets", "dashboard")

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"]

/** Where the browser is; undefined, with the reason printed, where there is none. */
export function findBrowser(): string | undefined {
  const named = process.env["CHROMIUM"]
  const found = [...(named === undefined ? [] : [named]), ...places].find((path) => existsSync(path))
  if (found === undefined) {
    process.stderr.write(
      `Browser tests are skipped: no Chromium at ${places.join(", ")}, and CHROMIUM names none. Debian: apt-get install chromium\n`,
    )
  }
  return found
}

/** Nothing of it calls home: a closed network would refuse that again and again. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
]

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags })
}

/** A page whose every error, and every breach of the page's own policy, ends up in `problems`. */
export async function openPage(context: BrowserContext): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const problems: string[] = []
  page.on("pageerror", (error) => problems.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text())
  })
  return { page, problems }
}

/** Fails with the rule and the place of each breach of the WCAG rules that axe knows. */
export async function expectAccessible(page: Page): Promise<void> {
  // Past the page's own policy, which lets no foreign script in.
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> }
    }
    return (await axe.run()).violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    )
  })
  expect(violations).toEqual([])
}
