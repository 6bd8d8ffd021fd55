// The disk beneath a directory: how much is free, and what a failed write says about it, in words that name the directory and the next step.
import { statfsSync, statSync } from "node:fs"
import { userInfo } from "node:os"
import { dirname } from "node:path"
import { AppError, messageOf } from "../core/index.ts"

/** Below this a warning is due. */
export const diskLowBytes = 1024 ** 3
/** Below this nothing is written any more: what is left is for a checkpoint, without which the database could not close, nor open again. */
export const diskReserveBytes = 64 * 1024 ** 2

/** Bytes that this process may still write; Infinity where the system does not say. */
export function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return Infinity
  }
}

export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 ** 2)} MB`
}

/** The same error, or where a disk or its rights are the reason one that says so. `said` is what the database wrote when it ended. */
export function explainDisk(error: unknown, directory: string, said = ""): unknown {
  const reason = error instanceof AppError ? undefined : reasonOf(error, said)
  if (reason === undefined) return error
  const [what, hint] = explanations[reason](directory)
  return new AppError("data_directory_unusable", `The data directory ${directory} cannot be written: ${what}`, { hint, cause: error })
}

export type DiskReason = "full" | "quota" | "read-only" | "forbidden"

/** What of a disk makes writes fail, by the code of the system or by the words of the database. */
export function reasonOf(error: unknown, said: string): DiskReason | undefined {
  const code = typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : ""
  const text = `${code} ${messageOf(error)}\n${said}`
  return reasons.find(([pattern]) => pattern.test(text))?.[1]
}

const reasons: readonly (readonly [RegExp, DiskReason])[] = [
  [/\bENOSPC\b|No space left on device/i, "full"],
  [/\bEDQUOT\b|Quota exceeded/i, "quota"],
  [/\bEROFS\b|Read-only file system/i, "read-only"],
  [/\bEACCES\b|\bEPERM\b|Permission denied|Operation not permitted/i, "forbidden"],
]

const explanations: Readonly<Record<DiskReason, (directory: string) => [what: string, hint: string]>> = {
  full: (directory) => [
    `its disk is full (${freeBytes(directory)} bytes free)`,
    `Free some space there (df -h ${directory}), then start again. What was acknowledged is on disk.`,
  ],
  quota: (directory) => [
    `the disk quota of ${thisUser()} is used up (${freeBytes(directory)} bytes free on the disk)`,
    "Raise the quota or delete something of that user, then start again. What was acknowledged is on disk.",
  ],
  "read-only": () => ["its file system is read-only", "Mount it writable, or name another directory with --data. Nothing was changed."],
  forbidden: (directory) => [
    `${thisUser()} may not write there${ownerOf(directory)}`,
    `Start as its owner, give it away (chown -R ${userInfo().username} ${directory}), or name another directory with --data. Nothing was changed.`,
  ],
}

function thisUser(): string {
  const { username, uid } = userInfo()
  return `the user ${username} (${uid})`
}

function ownerOf(directory: string): string {
  try {
    const { uid, mode } = statSync(directory)
    return `: ${directory} belongs to the user with the id ${uid} and has the mode ${(mode & 0o777).toString(8)}`
  } catch {
    // Behind a directory that is closed itself.
    return dirname(directory) === directory ? "" : ownerOf(dirname(directory))
  }
}
