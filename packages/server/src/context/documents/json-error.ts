// Where JSON stops being JSON: the engine's own messages often do not say.

type Want = "value" | "firstKey" | "key" | "colon" | "after" | "firstItem"

const token =
  /[ \t\r\n]*(?:("(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([[\]{}:,]))/y // eslint-disable-line no-control-regex -- JSON forbids them

/** Offset of the first character that cannot be; the length of the source when its end is what is missing. */
export function jsonErrorAt(source: string): number {
  const open: string[] = []
  let want: Want = "value"
  let at = 0
  for (;;) {
    token.lastIndex = at
    const match = token.exec(source)
    const blank = /[^ \t\r\n]/g
    blank.lastIndex = at
    const start = blank.exec(source)?.index ?? source.length
    if (match === null) return start
    const next = nextWant(want, match, open)
    if (next === undefined) return start
    want = next
    at = token.lastIndex
  }
}

/** What may follow, or undefined when this may not be here. */
function nextWant(want: Want, [, string, scalar, mark]: RegExpExecArray, open: string[]): Want | undefined {
  if (want === "value" || want === "firstItem") {
    if (string !== undefined || scalar !== undefined) return "after"
    if (mark === "{" || mark === "[") {
      open.push(mark)
      return mark === "{" ? "firstKey" : "firstItem"
    }
    return want === "firstItem" && mark === "]" ? closed(mark, open) : undefined
  }
  if (want === "key" || want === "firstKey") {
    if (string !== undefined) return "colon"
    return want === "firstKey" && mark === "}" ? closed(mark, open) : undefined
  }
  if (want === "colon") return mark === ":" ? "value" : undefined
  if (mark === ",") return open.length === 0 ? undefined : open.at(-1) === "{" ? "key" : "value"
  return mark === "}" || mark === "]" ? closed(mark, open) : undefined
}

function closed(mark: string, open: string[]): Want | undefined {
  return open.pop() === (mark === "}" ? "{" : "[") ? "after" : undefined
}
