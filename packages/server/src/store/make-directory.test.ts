// Tests of making a directory: it is there with all above it, or an error says at once which one cannot be made and why.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { defaultLimits } from "../core/index.ts"
import { makeDirectory } from "./make-directory.ts"
import { openStore } from "./open.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "perdure-directory-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test("makes a directory and all above it with the mode, and leaves one alone that is there", () => {
  const path = join(directory, "a", "b", "c")
  makeDirectory(path, { mode: 0o700 })
  makeDirectory(path, { mode: 0o700 })
  expect([path, join(directory, "a")].map((made) => statSync(made).mode & 0o777)).toEqual([0o700, 0o700])
})

test("says that a file is in the way, at the end of the path or above it", () => {
  const file = join(directory, "file")
  writeFileSync(file, "")
  for (const path of [file, join(file, "a", "b")]) {
    expect(() => makeDirectory(path)).toThrow(
      expect.objectContaining({
        code: "data_directory_unusable",
        message: expect.stringMatching(/file.* cannot be made: a file is in its place/) as string,
        hint: expect.stringContaining("--data") as string,
      }) as Error,
    )
  }
})

test.skipIf(!existsSync("/proc/self"))(
  "a store beneath a system directory that holds no other is refused at once, by its path",
  async () => {
    for (const dataDirectory of ["/proc/nope", "/proc/nope/a/b"]) {
      await expect(openStore({ dataDirectory, limits: defaultLimits })).rejects.toMatchObject({
        code: "data_directory_unusable",
        message: "The directory /proc/nope cannot be made: the system makes no directory in /proc",
        hint: expect.stringContaining("--data") as string,
      })
    }
  },
)
