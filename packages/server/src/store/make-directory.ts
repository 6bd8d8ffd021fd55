// Makes a directory with all above it, and says why where that cannot be: mkdir of Node itself never returns where the system makes none.
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { AppError } from "../core/index.ts"

/**
 * With `recursive` Node goes back up for each "no such file" and down again, for ever beneath /proc, where the parent is there and still
 * no directory can be made (measured with Node 24). Other errors are thrown as they are: `explainDisk` knows them.
 */
export function makeDirectory(path: string, options: { mode?: number } = {}): void {
  try {
    mkdirSync(path, options)
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (isDirectory(path)) return
    if (code === "EEXIST" || code === "ENOTDIR") throw unusable(path, "a file is in its place, or in that of a directory above it", error)
    if (code !== "ENOENT") throw error
    const parent = dirname(path)
    if (parent === path || isDirectory(parent)) throw unusable(path, `the system makes no directory in ${parent}`, error)
    makeDirectory(parent, options)
    makeOnce(path, options)
  }
}

/** Its parent is there by now: what says that it is not means something else. */
function makeOnce(path: string, options: { mode?: number }): void {
  try {
    mkdirSync(path, options)
  } catch (error) {
    if (isDirectory(path)) return
    throw unusable(path, `the system makes no directory in ${dirname(path)}`, error)
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function unusable(path: string, what: string, cause: unknown): AppError {
  return new AppError("data_directory_unusable", `The directory ${path} cannot be made: ${what}`, {
    hint: "Name another directory with --data. Nothing was changed.",
    cause,
  })
}
