// The highest of many values, each of a place; equal ones go by place, so that a cut never depends on the order in which they came.

/** Most values are turned away by one comparison: the kept ones lie in a heap, the least of them at its root. */
export class Highest {
  readonly #limit: number
  #places = new Int32Array(0)
  #values = new Float64Array(0)
  #count = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  offer(place: number, value: number): void {
    if (Number.isNaN(value)) return
    if (this.#count < this.#limit) {
      if (this.#count === this.#places.length) this.#grow()
      this.#rise(this.#count++, place, value)
    } else if (this.#count > 0 && isLess(this.#values[0] as number, this.#places[0] as number, value, place)) {
      this.#sink(place, value)
    }
  }

  /** The least of as many as were wanted; what is below is not among them. */
  get least(): number {
    return this.#count < this.#limit ? -Infinity : (this.#values[0] ?? -Infinity)
  }

  /** Best first. */
  entries(): Map<number, number> {
    const entries = Array.from(this.#places.subarray(0, this.#count), (place, index): [number, number] => [place, this.#values[index] ?? 0])
    return new Map(entries.sort(([a, x], [b, y]) => y - x || a - b))
  }

  #grow(): void {
    const size = Math.min(this.#limit, Math.max(64, this.#count * 4))
    const places = new Int32Array(size)
    places.set(this.#places)
    this.#places = places
    const values = new Float64Array(size)
    values.set(this.#values)
    this.#values = values
  }

  /** Every index is inside both arrays, here and below. */
  #rise(from: number, place: number, value: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isLess(value, place, this.#values[parent] as number, this.#places[parent] as number)) break
      this.#set(at, this.#places[parent] as number, this.#values[parent] as number)
      at = parent
    }
    this.#set(at, place, value)
  }

  /** In place of the least. */
  #sink(place: number, value: number): void {
    const values = this.#values
    const places = this.#places
    let at = 0
    for (let child = 1; child < this.#count; child = at * 2 + 1) {
      const right = child + 1
      const isRightLess =
        right < this.#count && isLess(values[right] as number, places[right] as number, values[child] as number, places[child] as number)
      const least = isRightLess ? right : child
      if (!isLess(values[least] as number, places[least] as number, value, place)) break
      this.#set(at, places[least] as number, values[least] as number)
      at = least
    }
    this.#set(at, place, value)
  }

  #set(at: number, place: number, value: number): void {
    this.#places[at] = place
    this.#values[at] = value
  }
}

function isLess(value: number, place: number, otherValue: number, otherPlace: number): boolean {
  return value < otherValue || (value === otherValue && place > otherPlace)
}

/** The entries with the highest values. */
export function highest(values: Map<number, number>, limit: number): Map<number, number> {
  if (values.size <= limit) return values
  const best = new Highest(limit)
  for (const [place, value] of values) best.offer(place, value)
  return best.entries()
}
