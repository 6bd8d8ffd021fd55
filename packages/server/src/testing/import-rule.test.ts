// The import rule holds for the server, and the check is able to fail: planted violations are found.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { checkImports } from "./import-rule.ts"

const source = join(import.meta.dirname, "..")

describe("the import rule", () => {
  it("holds: a folder imports only folders with a smaller number, through their index.ts", async () => {
    const { violations, importsRead } = await checkImports(source)
    expect(violations).toEqual([])
    expect(importsRead).toBeGreaterThan(100)
  })
})

describe("the check of the import rule", () => {
  let root = ""
  const plant = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), text)
  }
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "import-rule-"))
    await plant("core/index.ts", "export const a = 1")
    await plant("context/index.ts", 'export { a } from "../core/index.ts"')
    await plant("inference/up.ts", 'import { x } from "../http/index.ts"')
    await plant("inference/sibling.ts", 'import type { x } from "../context/index.ts"')
    await plant("inference/past.ts", 'export { a } from "../core/ids.ts"')
    await plant("inference/dynamic.ts", 'export const later = () => import("../app/compose.ts")')
    await plant("inference/fake.ts", 'import { f } from "../testing/fake.ts"')
    await plant("inference/fake.test.ts", 'import { f } from "../testing/fake.ts"')
    await plant("stray/index.ts", 'import { a } from "../core/index.ts"')
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  it("finds each planted violation, and nothing else", async () => {
    const { violations } = await checkImports(root)
    expect(violations.map((each) => each.file).toSorted()).toEqual([
      "inference/dynamic.ts",
      "inference/fake.ts",
      "inference/past.ts",
      "inference/sibling.ts",
      "inference/up.ts",
      "stray/index.ts",
    ])
  })
})
