// Finds the matches of several patterns from left to right, in a whole text and in one that comes in pieces: with the same result.
import type { TextFilter } from "./types.ts"
import type { Pattern } from "./patterns.ts"

/** What to write instead of a match. */
export type Replace = (match: string, pattern: Pattern) => string

interface Match {
  start: number
  end: number
  pattern: Pattern
}

export function replaceMatches(text: string, patterns: readonly Pattern[], replace: Replace): string {
  const filter = new PatternFilter(patterns, replace)
  return filter.push(text) + filter.end()
}

/** Characters of what has gone out that stay visible to look-behinds and word borders. */
const contextChars = 8

/** Holds back what may still become a match, and nothing else; what is emitted is what the whole text would have given. */
export class PatternFilter implements TextFilter {
  readonly #scanners: readonly Scanner[]
  readonly #replace: Replace
  /** What came and is not out yet, after a little of what is. */
  #text = ""
  /** Everything before is out. */
  #from = 0

  constructor(patterns: readonly Pattern[], replace: Replace) {
    this.#scanners = patterns.map((pattern) => new Scanner(pattern))
    this.#replace = replace
  }

  push(text: string): string {
    if (text === "") return ""
    this.#forget()
    this.#text += text
    for (const scanner of this.#scanners) scanner.reset()
    return this.#emit(false)
  }

  end(): string {
    for (const scanner of this.#scanners) scanner.reset()
    return this.#emit(true)
  }

  #emit(final: boolean): string {
    let limit = final ? this.#text.length : this.#openFrom()
    let out = ""
    let at = this.#from
    for (;;) {
      const match = this.#next(at)
      if (!match || match.start >= limit) break
      // A match at the very end may be a longer one when more comes.
      if (!final && match.end > limit) {
        limit = match.start
        break
      }
      out += this.#text.slice(at, match.start) + this.#replace(this.#text.slice(match.start, match.end), match.pattern)
      at = match.end
    }
    if (limit > at) {
      out += this.#text.slice(at, limit)
      at = limit
    }
    this.#from = at
    return out
  }

  /** Where the first thing begins that is not decided yet. */
  #openFrom(): number {
    let from = this.#text.length
    for (const scanner of this.#scanners) from = Math.min(from, scanner.openFrom(this.#text, this.#from))
    return from
  }

  #next(from: number): Match | undefined {
    let first: Match | undefined
    for (const scanner of this.#scanners) {
      const match = scanner.next(this.#text, from)
      if (match && (!first || match.start < first.start)) first = match
    }
    return first
  }

  #forget(): void {
    const drop = this.#from - contextChars
    if (drop <= 0) return
    this.#text = this.#text.slice(drop)
    this.#from -= drop
  }
}

class Scanner {
  readonly #pattern: Pattern
  /** The next match from `#searchedFrom` on. */
  #found: Match | undefined
  #searchedFrom = -1

  constructor(pattern: Pattern) {
    this.#pattern = pattern
  }

  reset(): void {
    this.#searchedFrom = -1
  }

  next(text: string, from: number): Match | undefined {
    const isKnown = this.#searchedFrom >= 0 && (this.#found === undefined || this.#found.start >= from)
    if (!isKnown) {
      this.#found = this.#search(text, from)
      this.#searchedFrom = from
    }
    return this.#found
  }

  #search(text: string, from: number): Match | undefined {
    const { regex, validLength } = this.#pattern
    for (let at = from; at <= text.length;) {
      regex.lastIndex = at
      const found = regex.exec(text)
      if (!found) return undefined
      const start = found.index
      const length = validLength ? validLength(found[0]) : found[0].length
      if (length > 0) return { start, end: start + length, pattern: this.#pattern }
      at = Math.max(at, start) + 1
    }
    return undefined
  }

  openFrom(text: string, from: number): number {
    const { open, charsMax } = this.#pattern
    const windowFrom = Math.max(from, text.length - charsMax)
    if (!open) return windowFrom
    const found = open.exec(text.slice(windowFrom))
    return found ? windowFrom + found.index : text.length
  }
}
