// Writes the generated reference pages: configuration, command line, HTTP routes, error codes. `node scripts/reference.ts` rewrites them.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { commandLinePage } from "./reference/command-line.ts"
import { configurationPage } from "./reference/configuration.ts"
import { errorsPage, routesPage } from "./reference/http.ts"

/** File in docs/reference → text. A test compares them with what is committed. */
export function referencePages(): Record<string, string> {
  return {
    "config.md": configurationPage(),
    "cli.md": commandLinePage(),
    "http.md": routesPage(),
    "errors.md": errorsPage(),
  }
}

export const referenceDirectory = join(import.meta.dirname, "..", "docs", "reference")

if (import.meta.main) {
  for (const [name, text] of Object.entries(referencePages())) writeFileSync(join(referenceDirectory, name), text)
}
