// How much a call may put out at most, with what the configuration of its deployments says of that: what is held of budgets.
import type { JsonValue } from "../../core/index.ts"
import type { Model } from "../types.ts"

/** `asked`: what the request says; null where it says nothing, 0 where no output is billed. Null where one of them leaves it open. */
export function outputTokensMaxOf({ deployments }: Model, asked: number | null): number | null {
  if (asked === 0 || !deployments.some(({ parameters }) => parameters !== undefined)) return asked
  const limits = deployments.map(({ parameters }) => {
    const { defaults = {}, overrides = {}, dropped = [] } = parameters ?? {}
    const given = dropped.some((name) => names.includes(name)) ? null : asked
    return limitIn(overrides) ?? given ?? limitIn(defaults)
  })
  return limits.reduce((most, each) => (most === null || each === null ? null : Math.max(most, each)), 0)
}

const names: readonly string[] = ["max_tokens", "max_completion_tokens"]

function limitIn(values: Readonly<Record<string, JsonValue | undefined>>): number | null {
  const limit = names.map((name) => values[name]).find((value) => typeof value === "number")
  return typeof limit === "number" ? limit : null
}
