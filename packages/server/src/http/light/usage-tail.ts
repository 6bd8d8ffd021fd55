// Usage from the end of a JSON answer, without parsing the answer.
import type { JsonValue } from "../../core/index.ts"
import type { ModelUsage } from "../../inference/index.ts"

const usageKey = Buffer.from('"usage"')
const space = new Set([32, 9, 10, 13])
const colon = 58
const openObject = 123
const closeObject = 125

/** Bytes of an answer that are kept while it passes through; a usage object is far smaller. */
export const tailBytes = 2048

type UsageOf = (usage: JsonValue | undefined) => ModelUsage | undefined

/** The last `"usage": {…}` among the bytes. Inside generated text the quotes are escaped, so it does not match. */
export function usageFromTail(tail: Buffer, usageOf: UsageOf): ModelUsage | undefined {
  for (let at = tail.lastIndexOf(usageKey); at >= 0; at = at > 0 ? tail.lastIndexOf(usageKey, at - 1) : -1) {
    let start = at + usageKey.length
    while (tail[start] === colon || space.has(tail[start] ?? 0)) start += 1
    if (tail[start] !== openObject) continue
    return parsedUsage(tail, start, usageOf)
  }
  return undefined
}

function parsedUsage(tail: Buffer, start: number, usageOf: UsageOf): ModelUsage | undefined {
  for (let end = start, depth = 0; end < tail.length; end += 1) {
    if (tail[end] === openObject) depth += 1
    else if (tail[end] === closeObject && (depth -= 1) === 0) {
      try {
        return usageOf(JSON.parse(tail.toString("latin1", start, end + 1)) as JsonValue)
      } catch {
        return undefined
      }
    }
  }
  return undefined
}

const tierKey = Buffer.from('"service_tier"')
const tierCharactersMax = 100

/** What the end of a chat completion says of its service tier: a word, or null. Undefined where it says nothing. */
export function tierFromTail(tail: Buffer): string | null | undefined {
  const end = tail.length > tailBytes ? tail.subarray(-tailBytes) : tail
  const at = end.lastIndexOf(tierKey)
  if (at < 0) return undefined
  const from = at + tierKey.length
  const told = /^\s*:\s*(?:"([^"\\]*)"|null)/.exec(end.toString("latin1", from, from + tierCharactersMax))
  return told ? (told[1] ?? null) : undefined
}

/** The last `tailBytes` of what has passed, at least. */
export function extendTail(tail: Buffer | undefined, chunk: Buffer): Buffer {
  if (!tail || chunk.length >= tailBytes) return chunk
  return Buffer.concat([tail.length > tailBytes ? tail.subarray(-tailBytes) : tail, chunk])
}
