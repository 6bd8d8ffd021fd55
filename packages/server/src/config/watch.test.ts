// Tests of what is told of a configuration that is written over, on a real directory.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { watchConfig } from "./watch.ts"

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "perdure-config-"))
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

test("a file that is empty while something writes it is not taken for a configuration without anything", async () => {
  const path = join(root, "perdure.yaml")
  writeFileSync(path, "models: {}")
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const onChange = (): void => {
    seen.push(readFileSync(path, "utf8"))
    if (seen.at(-1) === "limits: {}") resolve()
  }
  const stop = watchConfig({ path, onChange, pollMs: 100 })
  writeFileSync(path, "")
  await new Promise((done) => setTimeout(done, 600)) // longer than changes take to settle
  writeFileSync(path, "limits: {}")
  await promise
  stop()
  expect(seen).toEqual(["limits: {}"])
})
