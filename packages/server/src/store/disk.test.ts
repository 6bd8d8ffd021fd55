// Tests of what a failed write says about the disk beneath it.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { AppError } from "../core/index.ts"
import { explainDisk, freeBytes } from "./disk.ts"

const failure = (code: string): Error => Object.assign(new Error(`${code}: something, write`), { code })

test.each([
  ["ENOSPC", /its disk is full \(\d+ bytes free\)/, /df -h/],
  ["EDQUOT", /the disk quota of the user .* is used up/, /quota/],
  ["EROFS", /its file system is read-only/, /--data/],
  ["EACCES", /may not write there: .* belongs to the user with the id \d+/, /chown -R/],
])("%s is said with the directory, what is free or whose it is, and the next step", (code, message, hint) => {
  const directory = mkdtempSync(join(tmpdir(), "perdure-disk-"))
  try {
    const explained = explainDisk(failure(code), directory)
    expect(explained).toBeInstanceOf(AppError)
    expect(explained).toMatchObject({
      code: "data_directory_unusable",
      message: expect.stringContaining(directory) as string,
      hint: expect.stringMatching(hint) as string,
    })
    expect((explained as AppError).message).toMatch(message)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test("what the database wrote when it ended is understood too, and anything else is left as it is", () => {
  const panic = 'PANIC:  could not write to file "pg_wal/xlogtemp.42": No space left on device'
  expect(explainDisk(new Error("the engine aborted"), tmpdir(), panic)).toMatchObject({ code: "data_directory_unusable" })
  const other = new Error("the engine aborted")
  expect(explainDisk(other, tmpdir(), "PANIC:  something else")).toBe(other)
  const ours = new AppError("conflict", "Permission denied by a rule")
  expect(explainDisk(ours, tmpdir())).toBe(ours)
})

test("a directory that is not there has room: what is wrong with it is said by who opens it", () => {
  expect(freeBytes(join(tmpdir(), "not", "there"))).toBe(Infinity)
  expect(freeBytes(tmpdir())).toBeGreaterThan(0)
})
