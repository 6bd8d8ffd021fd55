// Names and values of header fields as they stand in the text of an HTTP/1.1 message; the connections that read heads themselves use them.

/** Lower-cases field names, each once: a peer sends the same ones with every message. Bounded, so that no peer can fill the memory. */
export function fieldNames(): (name: string) => string {
  const known = new Map<string, string>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const lower = name.toLowerCase()
    if (known.size < namesMax) known.set(name, lower)
    return lower
  }
}

/** What stands between the two places, without the white space around it. */
export function fieldValue(text: string, from: number, to: number): string {
  let first = from
  let end = to
  while (first < end && isSpace(text.charCodeAt(first))) first += 1
  while (end > first && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(first, end)
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9
}

const namesMax = 500
