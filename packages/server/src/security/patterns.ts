// Patterns with `*` for any text, matched in one pass without regular expressions: what a pattern costs does not depend on who wrote it.

/** Longer texts match nothing: names and paths that exist are shorter. */
const textCharactersMax = 512

/** Whether a text is one that some pattern describes; the usual forms, whole names and `gpt-*`, cost a look-up and a comparison. */
export function matcherOf(patterns: readonly string[]): (text: string) => boolean {
  const names = new Set(patterns.filter((pattern) => !pattern.includes("*")))
  const prefixes = patterns
    .filter((pattern) => pattern.indexOf("*") === pattern.length - 1 && pattern !== "")
    .map((pattern) => pattern.slice(0, -1))
  const others = patterns
    .map((pattern) => pattern.split("*"))
    .filter((parts) => parts.length > 2 || (parts.length === 2 && parts[1] !== ""))
  return (text) => {
    if (names.has(text)) return true
    if (text.length > textCharactersMax) return false
    for (const prefix of prefixes) if (text.startsWith(prefix)) return true
    for (const parts of others) if (fits(parts, text)) return true
    return false
  }
}

/**
 * Whether everything that `inner` describes is described by one of `outer`: a `*` of the inner pattern can only be met by a `*` of the outer one,
 * so the inner pattern is matched as if it were a text. Never true wrongly; a union of outer patterns is not considered.
 */
export function isCovered(inner: string, outer: readonly string[]): boolean {
  return outer.some((pattern) => fits(pattern.split("*"), inner))
}

/** The parts between the stars, each found at the first place after the one before; what is left for the last must end the text. */
function fits(parts: readonly string[], text: string): boolean {
  const first = parts[0] ?? ""
  if (parts.length === 1) return text === first
  const last = parts.at(-1) ?? ""
  const end = text.length - last.length
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}
