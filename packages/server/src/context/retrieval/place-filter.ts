// Which places of a scope a search may find: only some, or all but some. As ranges, since the parts of a document lie side by side.
import type { PlaceCondition } from "../../store/index.ts"

export interface PlaceRange {
  place: number
  parts: number
}

export class PlaceFilter {
  readonly kind: "only" | "without"
  /** How many places it names. */
  readonly named: number
  readonly #ranges: readonly PlaceRange[]
  readonly #isNamed: Uint8Array

  constructor(kind: "only" | "without", ranges: readonly PlaceRange[]) {
    this.kind = kind
    this.#ranges = joined(ranges)
    const last = this.#ranges.at(-1)
    this.#isNamed = new Uint8Array(last === undefined ? 0 : last.place + last.parts)
    for (const { place, parts } of this.#ranges) this.#isNamed.fill(1, place, place + parts)
    this.named = this.#ranges.reduce((sum, { parts }) => sum + parts, 0)
  }

  accepts(place: number): boolean {
    return (this.#isNamed[place] === 1) === (this.kind === "only")
  }

  /** How many of so many places may be found, about. */
  leaves(available: number): number {
    return this.kind === "only" ? Math.min(this.named, available) : Math.max(0, available - this.named)
  }

  /** As the database reads it. Few places are listed, since an index then leads to each. */
  get condition(): PlaceCondition {
    const excludes = this.kind === "without"
    if (!excludes && this.named <= listedMax) {
      return { excludes, places: this.#ranges.flatMap(({ place, parts }) => Array.from({ length: parts }, (_, part) => place + part)) }
    }
    return { excludes, ranges: `{${this.#ranges.map(({ place, parts }) => `[${place},${place + parts})`).join(",")}}` }
  }
}

const listedMax = 20_000

/** In order, and as few as can be. */
function joined(ranges: readonly PlaceRange[]): PlaceRange[] {
  const result: PlaceRange[] = []
  for (const { place, parts } of ranges.toSorted((a, b) => a.place - b.place)) {
    const last = result.at(-1)
    if (last !== undefined && place <= last.place + last.parts) last.parts = Math.max(last.parts, place + parts - last.place)
    else result.push({ place, parts })
  }
  return result
}
