// Reads lists of numbers out of answers, and cuts lists of texts to what one request may have.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { unreadable } from "../upstream-error.ts"

export function vectorIn(value: JsonValue | undefined, deployment: Deployment): readonly number[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  if (list.length === 0 || !list.every((each) => typeof each === "number"))
    throw unreadable(deployment, "a vector that is no list of numbers")
  return list
}

export function vectorsIn(value: JsonValue | undefined, deployment: Deployment): readonly (readonly number[])[] {
  if (!Array.isArray(value)) throw unreadable(deployment, "an answer without vectors")
  return (value as readonly JsonValue[]).map((each) => vectorIn(each, deployment))
}

/** Best first, whatever the order in which they came. */
export function rankedIn(
  value: JsonValue | undefined,
  names: { index: string; score: string },
  deployment: Deployment,
): { index: number; score: number }[] {
  if (!Array.isArray(value)) throw unreadable(deployment, "an answer without ranks")
  const results = (value as readonly JsonValue[]).map((each) => {
    const { [names.index]: index, [names.score]: score } = isJsonObject(each) ? each : {}
    if (typeof index !== "number" || typeof score !== "number") throw unreadable(deployment, "a rank without a score")
    return { index, score }
  })
  return results.toSorted((a, b) => b.score - a.score)
}

export function inBatches(texts: readonly string[], countMax: number): (readonly string[])[] {
  const batches: (readonly string[])[] = []
  for (let from = 0; from < texts.length; from += countMax) batches.push(texts.slice(from, from + countMax))
  return batches
}
