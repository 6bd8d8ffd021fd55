// Blocks and states in words: JSON that a person types, values in one line, and what stands in the way of a write.
import { PerdureError, type Block, type State } from "@perdure/client"

export type Typed = { value: unknown } | { problem: string }

/** What a person typed as JSON, or what is wrong with it, in words that name the line where the browser tells one. */
export function typedJson(text: string): Typed {
  if (text.trim() === "") return { problem: 'A value is missing. An empty text is "", nothing is null.' }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    const at = /position (\d+)/.exec(String(error))?.[1]
    if (at === undefined) return { problem: "That is no JSON: it ends too early, or a text lacks its quotes." }
    const before = text.slice(0, Number(at)).split("\n")
    return { problem: `That is no JSON: line ${before.length}, character ${(before.at(-1)?.length ?? 0) + 1} does not fit.` }
  }
}

const lineCharacters = 160

/** In one line, cut. */
export function valueLine(value: unknown): string {
  const line = typeof value === "string" ? value.replaceAll(/\s+/gu, " ").trim() : JSON.stringify(value)
  return line.length > lineCharacters ? `${line.slice(0, lineCharacters)} …` : line
}

/** What is there in place of what the writer had seen: null where it was taken away. Undefined of all other errors. */
export function conflictOf(error: Error | null): Block | State | null | undefined {
  if (!(error instanceof PerdureError) || error.code !== "precondition_failed") return undefined
  return (error.current ?? null) as Block | State | null // of the route that was asked
}

export function scopedPath(scope: string, view: "blocks" | "states", entry?: string): string {
  const query = new URLSearchParams({ scope, view, ...(entry === undefined ? {} : { entry }) })
  return `/memories?${query.toString()}`
}
