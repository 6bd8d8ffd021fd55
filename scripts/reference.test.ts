// Tests that the committed reference pages are those that the sources give.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { referenceDirectory, referencePages } from "./reference.ts"

test.each(Object.entries(referencePages()))("docs/reference/%s is current (else: node scripts/reference.ts)", (name, text) => {
  expect(readFileSync(join(referenceDirectory, name), "utf8")).toBe(text)
})
