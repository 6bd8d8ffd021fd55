// The vectors of one scope and model in memory, side by side, so that comparing all of them is one pass.
import type { PlacedVector } from "../../store/index.ts"
import { CodedRows } from "./coded-rows.ts"
import { Highest, highest } from "./highest.ts"

/** Pieces of one part at most, as a factor for keys of rows. */
const piecesMax = 4_096

export class VectorMatrix {
  readonly dimensions: number
  /** The version of the scope's vectors up to which rows were read. */
  version: number
  #values: Float32Array
  #places: Int32Array
  #rows = 0
  #hasPieces = false
  readonly #rowOf = new Map<number, number>()
  /** Undefined where there are none, or no longer of all rows. */
  #codes: CodedRows | undefined

  constructor(dimensions: number, version: number, rows: number) {
    this.#codes = CodedRows.create(dimensions)
    this.dimensions = dimensions
    this.version = version
    this.#values = new Float32Array(rows * dimensions)
    this.#places = new Int32Array(rows)
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.#values.byteLength * 1.25 + this.#places.length * 104 + 500
  }

  get rows(): number {
    return this.#rows
  }

  /** Adds vectors, or replaces them; one that is null, or of other dimensions, only takes away what was there. */
  set({ place, piece, vector }: PlacedVector): void {
    const key = place * piecesMax + piece
    const known = this.#rowOf.get(key)
    if (vector?.length !== this.dimensions) {
      if (known !== undefined) this.#places[known] = -1
      this.#rowOf.delete(key)
      return
    }
    if (piece > 0) {
      this.#hasPieces = true
      this.#codes = undefined
    }
    const row = known ?? this.#newRow()
    this.#rowOf.set(key, row)
    this.#places[row] = place
    this.#values.set(vector, row * this.dimensions)
    if (this.#codes?.set(row, vector) === false) this.#codes = undefined
  }

  /** The nearest places that are accepted, each with its best piece, in no particular order; all of them when there are fewer. */
  nearest(query: Float32Array, accept: (place: number) => boolean, limit: number): Map<number, number> {
    if (this.#hasPieces) return this.#nearestOfPieces(query, accept, limit)
    if (this.#codes !== undefined && this.#rows > limit) return this.#nearestByCodes(this.#codes, query, accept, limit)
    const best = new Highest(limit)
    for (let row = 0; row < this.#rows; row++) {
      const place = this.#places[row] ?? -1
      if (place >= 0 && accept(place)) best.offer(place, innerProduct(query, this.#values, row * this.dimensions))
    }
    return best.entries()
  }

  /** The same: only what may be among the nearest by its codes is compared exactly. */
  #nearestByCodes(codes: CodedRows, query: Float32Array, accept: (place: number) => boolean, limit: number): Map<number, number> {
    const { products, errors } = codes.bounds(query, this.#rows)
    const sure = new Highest(limit)
    for (let row = 0; row < this.#rows; row++) {
      const place = this.#places[row] as number
      if (place >= 0 && accept(place)) sure.offer(place, (products[row] as number) - (errors[row] as number))
    }
    const least = sure.least
    const best = new Highest(limit)
    for (let row = 0; row < this.#rows; row++) {
      if ((products[row] as number) + (errors[row] as number) < least) continue
      const place = this.#places[row] as number
      if (place >= 0 && accept(place)) best.offer(place, innerProduct(query, this.#values, row * this.dimensions))
    }
    return best.entries()
  }

  #nearestOfPieces(query: Float32Array, accept: (place: number) => boolean, limit: number): Map<number, number> {
    const best = new Map<number, number>()
    for (let row = 0; row < this.#rows; row++) {
      const place = this.#places[row] ?? -1
      if (place < 0 || !accept(place)) continue
      const similarity = innerProduct(query, this.#values, row * this.dimensions)
      const known = best.get(place)
      if (known === undefined || similarity > known) best.set(place, similarity)
    }
    return highest(best, limit)
  }

  /** The similarity of that place, or undefined when it has no vector. */
  similarity(query: Float32Array, place: number): number | undefined {
    let best: number | undefined
    for (let piece = 0; piece < piecesMax; piece++) {
      const row = this.#rowOf.get(place * piecesMax + piece)
      if (row === undefined) break
      best = Math.max(best ?? -Infinity, innerProduct(query, this.#values, row * this.dimensions))
    }
    return best
  }

  #newRow(): number {
    if (this.#rows === this.#places.length) {
      const size = Math.ceil(this.#rows * 1.25) + 16
      const values = new Float32Array(size * this.dimensions)
      values.set(this.#values)
      this.#values = values
      const places = new Int32Array(size)
      places.set(this.#places)
      this.#places = places
    }
    this.#rows += 1
    return this.#rows - 1
  }
}

/** In one fixed order of additions, so that a vector has the same similarity wherever it was read from. */
export function innerProduct(query: Float32Array, values: Float32Array, from: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = query.length - (query.length % 4)
  // Every index is inside both arrays: tests for absent values would cost a third of the time.
  for (let index = 0; index < whole; index += 4) {
    const at = from + index
    a += (query[index] as number) * (values[at] as number)
    b += (query[index + 1] as number) * (values[at + 1] as number)
    c += (query[index + 2] as number) * (values[at + 2] as number)
    d += (query[index + 3] as number) * (values[at + 3] as number)
  }
  for (let index = whole; index < query.length; index++) a += (query[index] ?? 0) * (values[from + index] ?? 0)
  return a + b + (c + d)
}
