// Tests of what `perdure dev` restarts for, on a real directory.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { watchSources } from "./watch.ts"

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "perdure-watch-"))
  for (const name of ["src/deep", "node_modules/x", ".perdure"]) mkdirSync(join(root, name), { recursive: true })
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Writes the files one after the other and gives the first change that was told; `last` is one that must be. */
async function firstTold(files: readonly string[], configName = "perdure.yaml"): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const stop = watchSources({ entry: join(root, "main.js"), configDirectory: root, configName }, resolve)
  for (const name of files) {
    writeFileSync(join(root, name), "x")
    await new Promise((done) => setTimeout(done, 400)) // longer than changes take to settle
  }
  const told = await promise
  stop()
  return told
}

test("a change of the configuration or of a source is told, with its name", async () => {
  expect(await firstTold(["perdure.yaml"])).toBe("perdure.yaml")
  expect(await firstTold(["src/deep/tool.ts"])).toBe("tool.ts")
})

test("a configuration under a name of its own is told too", async () => {
  expect(await firstTold(["staging.yaml"], "staging.yaml")).toBe("staging.yaml")
})

test("tests, other files, dependencies and the data directory do not restart the server", async () => {
  expect(await firstTold(["src/tool.test.ts", "notes.md", "node_modules/x/index.js", ".perdure/file.ts", "last.ts"])).toBe("last.ts")
})
