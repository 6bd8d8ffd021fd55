// Failures that come again and again are said once, and then once a window with how often they came: a database that is away for a night must not fill the log.

export interface RepeatedFailure {
  what: string
  error: unknown
  /** How often it came since it was said last; absent where it is new. */
  times?: number
}

/** Kinds of failures that are told apart at the same time. */
const kindsMax = 1_000

/** `say` is told of the first of its kind at once, and at the end of each window of those that came meanwhile. */
export function sparing(say: (failure: RepeatedFailure) => void, windowMs: number): (what: string, error: unknown) => void {
  const open = new Map<string, { times: number; last: unknown }>()
  const close = (kind: string, what: string): void => {
    const seen = open.get(kind)
    open.delete(kind)
    if (seen === undefined || seen.times === 0) return
    begin(kind, what)
    say({ what, error: seen.last, times: seen.times })
  }
  const begin = (kind: string, what: string): void => {
    open.set(kind, { times: 0, last: undefined })
    setTimeout(() => close(kind, what), windowMs).unref()
  }
  return (what, error) => {
    const kind = `${what}\n${kindOf(error)}`
    const seen = open.get(kind)
    if (seen) {
      seen.times += 1
      seen.last = error
      return
    }
    if (open.size < kindsMax) begin(kind, what)
    say({ what, error })
  }
}

/** Messages may name ids and times; the code does not, and without one the name of the error must do. */
function kindOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return typeof error
  const code = "code" in error && typeof error.code === "string" ? error.code : ""
  const name = "name" in error && typeof error.name === "string" ? error.name : ""
  return `${name} ${code} ${code === "" && "message" in error ? String(error.message) : ""}`
}
