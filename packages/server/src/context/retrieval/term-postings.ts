// The parts of a scope that contain one term, in memory: their places and weights side by side, and how many there are in each lane.
import type { HashedTerm } from "./term-hash.ts"

export class TermPostings {
  readonly term: HashedTerm
  /** The version of the scope up to which its segments were read; 0 before that. */
  version = 0
  places = new Int32Array(0)
  weights = new Float32Array(0)
  count = 0
  /** Of `count`, by the number of the lane. */
  readonly partsByLane: number[] = []
  /** How many of the scope's records of deltas are in it, and removals left out of it. */
  records = 0
  removals = 0

  constructor(term: HashedTerm) {
    this.term = term
  }

  reserve(added: number): void {
    const needed = this.count + added
    if (needed <= this.places.length) return
    // Segments are read once and then fit exactly; deltas come one by one.
    const size = this.count === 0 ? needed : Math.max(needed, Math.ceil(this.places.length * 1.5))
    const places = new Int32Array(size)
    places.set(this.places)
    this.places = places
    const weights = new Float32Array(size)
    weights.set(this.weights)
    this.weights = weights
  }

  /** A part of a lane; lane 0 is what is gone, and is left out. */
  add(place: number, weight: number, lane: number): void {
    if (lane === 0) return
    this.reserve(1)
    this.places[this.count] = place
    this.weights[this.count] = weight
    this.count += 1
    this.partsByLane[lane] = (this.partsByLane[lane] ?? 0) + 1
  }

  /** Leaves out what is gone by now. */
  filter(laneNumbers: Uint8Array): void {
    const { places, weights, count } = this
    this.count = 0
    this.partsByLane.fill(0)
    for (let index = 0; index < count; index++) this.add(places[index] ?? 0, weights[index] ?? 0, laneNumbers[places[index] ?? 0] ?? 0)
  }
}
