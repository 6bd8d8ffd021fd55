// The words that stand for what was taken out of one call: the same value has the same word, and each word leads back to its value.
import type { Pattern } from "./patterns.ts"

export class Placeholders {
  readonly #words = new Map<string, string>()
  readonly #values = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** `taken` tells which words the call has of itself: they are not used. */
  wordFor(kind: string, value: string, taken: (word: string) => boolean): string {
    const known = this.#words.get(`${kind} ${value}`)
    if (known !== undefined) return known
    for (;;) {
      const count = (this.#counts.get(kind) ?? 0) + 1
      this.#counts.set(kind, count)
      const word = `[${kind.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_${count}]`
      if (taken(word)) continue
      this.#words.set(`${kind} ${value}`, word)
      this.#values.set(word, value)
      return word
    }
  }

  valueOf(word: string): string | undefined {
    return this.#values.get(word)
  }

  get isEmpty(): boolean {
    return this.#values.size === 0
  }
}

export const placeholderPattern: Pattern = {
  kind: "placeholder",
  regex: /\[[A-Z0-9_]{1,64}_\d{1,9}\]/g,
  charsMax: 80,
  open: /\[[A-Z0-9_]{0,76}$/,
}
