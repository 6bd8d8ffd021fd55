// Reading after a change: a reader who was told of a number waits until that is committed, so that it sees at least what it knows of.
import { AppError } from "../../core/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import type { ChangeLog } from "./change-log.ts"

/** A change's number where one scope is read, else the numbers by scope. */
export type ReadAfter = number | Readonly<Record<string, number>>

/** Rejects where one of them does not come in time, is of no scope that is read, or may not be read. */
export type AwaitChanges = (
  caller: MemoryCaller,
  scopes: readonly string[],
  after: ReadAfter | undefined,
  signal: AbortSignal,
) => Promise<void>

export function createAwaitChanges(changeLog: Pick<ChangeLog, "place" | "readAfter">): AwaitChanges {
  return async (caller, scopes, after, signal) => {
    if (after === undefined) return
    const waits = numbersOf(scopes, after).map(async ([scope, seq]) => {
      await changeLog.readAfter(await changeLog.place({ caller, scope }), seq, signal)
    })
    await Promise.all(waits)
  }
}

function numbersOf(scopes: readonly string[], after: ReadAfter): [string, number][] {
  if (typeof after === "number") {
    const [scope, another] = scopes
    if (scope !== undefined && another === undefined) return [[scope, after]]
    throw new AppError(
      "invalid_request",
      `A single number says after which change of one scope to read; ${scopes.length} scopes are read.`,
      {
        param: "readAfter",
        hint: 'Say it by scope, such as {"user:ada": 17}.',
      },
    )
  }
  const read = new Set(scopes.map((scope) => parseScope(scope).path))
  const other = Object.keys(after).find((scope) => !read.has(parseScope(scope, "readAfter").path))
  if (other === undefined) return Object.entries(after)
  throw new AppError("invalid_request", `'${other}' is none of the scopes that are read.`, {
    param: "readAfter",
    hint: "Name it among the scopes, or leave its number out.",
  })
}
