// How deep JSON is nested, read from its bytes: what is nested thousands deep can be parsed, and then breaks whoever walks or writes it.

/** Nobody's request comes near it. */
export const jsonDepthMax = 1_000

const quote = 34
const backslash = 92
const openList = 91
const closeList = 93
const openObject = 123
const closeObject = 125

/** Of bytes that need not be JSON; texts are skipped. */
export function isNestedTooDeep(bytes: Uint8Array): boolean {
  if (bytes.length <= 2 * jsonDepthMax) return false // each level takes two bytes
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === quote) at = endOfText(bytes, at)
    else if (byte === closeList || byte === closeObject) depth -= 1
    else if (byte === openList || byte === openObject) {
      depth += 1
      if (depth > jsonDepthMax) return true
    }
  }
  return false
}

/** Where its closing quote is; the end of the bytes where there is none. */
function endOfText(bytes: Uint8Array, start: number): number {
  let end = bytes.indexOf(quote, start + 1)
  while (end >= 0 && isEscaped(bytes, end)) end = bytes.indexOf(quote, end + 1)
  return end < 0 ? bytes.length : end
}

function isEscaped(bytes: Uint8Array, at: number): boolean {
  let from = at
  while (bytes[from - 1] === backslash) from -= 1
  return (at - from) % 2 === 1
}
