// Reads the marks by which a language model cites a passage, `【3】`, out of its streamed text and turns them into citations.
import type { Citation, ModelEvent } from "../inference/index.ts"

export interface CitedFile {
  readonly fileId: string
  readonly filename: string
}

/** Longest mark that is waited for; anything longer is text. */
const markCharactersMax = 24
const opening = "【"
const closing = "】"

/** A stateful filter: text events may come out later and joined, everything else passes in its place. Unknown numbers stay text. */
export class CitationMarkers {
  readonly #passages: () => readonly CitedFile[]
  #held = ""
  #length = 0

  /** `passages` gives those shown so far; mark 1 is the first. */
  constructor(passages: () => readonly CitedFile[]) {
    this.#passages = passages
  }

  take(event: ModelEvent): ModelEvent[] {
    if (event.type === "text-delta") return this.#text(this.#held + event.text)
    const before = this.#release()
    return [...before, event]
  }

  /** What was held, before another answer begins. */
  restart(): ModelEvent[] {
    const held = this.#release()
    this.#length = 0
    return held
  }

  #text(text: string): ModelEvent[] {
    this.#held = ""
    const events: ModelEvent[] = []
    let from = 0
    for (;;) {
      const start = text.indexOf(opening, from)
      if (start < 0) return [...events, ...this.#emit(text.slice(from))]
      const end = text.indexOf(closing, start)
      if (end < 0 && text.length - start <= markCharactersMax) {
        events.push(...this.#emit(text.slice(from, start)))
        this.#held = text.slice(start)
        return events
      }
      const cited = end < 0 ? undefined : this.#citationsOf(text.slice(start + 1, end))
      if (cited) {
        events.push(...this.#emit(text.slice(from, start)))
        events.push(...cited.map((file) => ({ type: "citation" as const, citation: { ...file, index: this.#length } satisfies Citation })))
        from = end + 1
      } else {
        events.push(...this.#emit(text.slice(from, start + 1)))
        from = start + 1
      }
    }
  }

  #emit(text: string): ModelEvent[] {
    this.#length += text.length
    return text === "" ? [] : [{ type: "text-delta", text }]
  }

  #release(): ModelEvent[] {
    const held = this.#held
    this.#held = ""
    return this.#emit(held)
  }

  /** `1`, `1, 2`, and OpenAI's own `1†source`. */
  #citationsOf(mark: string): CitedFile[] | undefined {
    const numbers = mark.split(",").map((part) => /^\s*(\d{1,3})(?:†.*)?\s*$/.exec(part)?.[1])
    const passages = this.#passages()
    const files = numbers.map((number) => (number === undefined ? undefined : passages[Number(number) - 1]))
    return files.every((file) => file !== undefined) ? files.map(({ fileId, filename }) => ({ fileId, filename })) : undefined
  }
}
