// A copy in memory of one scope's word index: all of its parts and recent writes, and the postings of terms that were searched for.
import type { ScopeChanges, ScopeDelta } from "../../store/index.ts"
import { DeltaPostings } from "./delta-postings.ts"
import { lanesEnd, type Lane } from "./lanes.ts"
import type { HashedTerm } from "./term-hash.ts"
import { TermPostings } from "./term-postings.ts"

export interface LaneStatistics {
  /** Parts in the lane. */
  parts: number
  /** The lengths of all of them. */
  length: number
}

/** Documents that came and went before their records are cleared away. */
const goneDeltasMin = 64

export class ScopeWords {
  /** Copies of another generation are dropped and read anew. */
  readonly generation: number
  version = 0
  lanes: ReadonlyMap<Lane, LaneStatistics> = new Map()
  /** By place: length, number of the session or 0, speaker, and one more than the number of the lane in `laneNames`; 0 for what is gone. */
  lengths = new Float32Array(0)
  sessions = new Int32Array(0)
  speakers = new Int32Array(0)
  laneNumbers = new Uint8Array(0)
  readonly laneNames: Lane[] = []
  /** Parts that were found before, by place. */
  readonly parts = new Map<number, { documentId: string; part: number }>()
  readonly #terms = new Map<string, TermPostings>()
  /** By the hash of a session its number. */
  readonly #sessions = new Map<number, number>([[0, 0]])
  readonly #speakers = new Set<number>()
  #speakersUntil = 0
  readonly #records = new DeltaPostings()
  /** First places of documents in no segment yet. */
  readonly deltas = new Set<number>()
  #goneDeltas = 0
  #removals = 0
  #postings = 0

  constructor(generation: number) {
    this.generation = generation
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return (
      this.lengths.length * 13 +
      this.#records.bytes +
      this.#postings * 8 +
      (this.#terms.size + this.parts.size + this.#sessions.size) * 150 +
      500
    )
  }

  termVersion(term: HashedTerm): number {
    return this.#terms.get(term.digits)?.version ?? 0
  }

  /** Takes in what changed; what it has already is left out, so answers may come in any order. */
  apply(changes: ScopeChanges, wanted: readonly HashedTerm[]): void {
    const { scope } = changes
    if (scope === undefined) return
    this.#reserve(scope.places)
    for (const { version, lane, places } of changes.places) if (version > this.version) this.#addPlaces(lane as Lane, places)
    for (const delta of changes.deltas) if (delta.version > this.version) this.#addDelta(delta)
    for (const { version, place, parts } of changes.removals) {
      if (version > this.version) this.#remove(place, parts)
    }
    this.#addSegments(changes, wanted, scope.version)
    if (scope.version < this.version) return
    this.version = scope.version
    this.lanes = new Map(changes.lanes.map(({ lane, parts, length }) => [lane as Lane, { parts, length }]))
  }

  /** The parts that contain the term and are there now; good until the next call that changes the scope. */
  postings(term: HashedTerm): TermPostings {
    const postings = this.#terms.get(term.digits) ?? new TermPostings(term)
    this.#terms.set(term.digits, postings)
    this.#bringUp(postings)
    return postings
  }

  /** Numbers of sessions are below it. */
  get sessionsEnd(): number {
    return this.#sessions.size
  }

  /** The speakers of what is there, by hash; one that is gone may still be among them. */
  speakersPresent(): ReadonlySet<number> {
    if (this.#speakersUntil < this.version) {
      for (const speaker of this.speakers) if (speaker !== 0) this.#speakers.add(speaker)
      this.#speakersUntil = this.version
    }
    return this.#speakers
  }

  /** The number of a lane in `laneNumbers`. */
  laneNumber(lane: Lane): number {
    const known = this.laneNames.indexOf(lane)
    return known >= 0 ? known + 1 : this.laneNames.push(lane)
  }

  /** By the number of a lane: 1 for those lanes. */
  searched(lanes: Iterable<Lane>): Uint8Array {
    const numbers = new Uint8Array(lanesEnd)
    for (const lane of lanes) numbers[this.laneNumber(lane)] = 1
    return numbers
  }

  #reserve(places: number): void {
    if (places <= this.lengths.length) return
    const size = Math.max(places, Math.ceil(this.lengths.length * 1.25))
    this.lengths = grown(this.lengths, new Float32Array(size))
    this.sessions = grown(this.sessions, new Int32Array(size))
    this.speakers = grown(this.speakers, new Int32Array(size))
    this.laneNumbers = grown(this.laneNumbers, new Uint8Array(size))
  }

  #addPlaces(lane: Lane, packed: Uint8Array): void {
    const number = this.laneNumber(lane)
    const values = swapped(packed)
    const floats = new Float32Array(values.buffer)
    for (let at = 0; at < values.length; at += 4) {
      this.#setPlace(values[at] ?? 0, number, floats[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0)
    }
  }

  #addDelta({ lane, place, session, speaker, lengths, postings }: ScopeDelta): void {
    const number = this.laneNumber(lane as Lane)
    const lengthsOf = new Float32Array(swapped(lengths).buffer)
    for (const [part, length] of lengthsOf.entries()) this.#setPlace(place + part, number, length, session, speaker)
    this.#records.add(swapped(postings), place)
    this.deltas.add(place)
  }

  #setPlace(place: number, lane: number, length: number, session: number, speaker: number): void {
    this.lengths[place] = length
    this.sessions[place] = this.#sessionNumber(session)
    this.speakers[place] = speaker
    this.laneNumbers[place] = lane
  }

  #sessionNumber(hash: number): number {
    const known = this.#sessions.get(hash)
    if (known === undefined) this.#sessions.set(hash, this.#sessions.size)
    return known ?? this.#sessions.size - 1
  }

  #remove(place: number, parts: number): void {
    this.#removals += 1
    for (let each = place; each < place + parts; each++) {
      this.laneNumbers[each] = 0
      this.parts.delete(each)
    }
    if (this.deltas.delete(place) && (this.#goneDeltas += 1) > this.deltas.size + goneDeltasMin) this.#dropGoneRecords()
  }

  #dropGoneRecords(): void {
    for (const postings of this.#terms.values()) this.#bringUp(postings)
    this.#records.keep((place) => this.laneNumbers[place] !== 0)
    for (const postings of this.#terms.values()) postings.records = this.#records.count
    this.#goneDeltas = 0
  }

  /** What came and went since it was last wanted. */
  #bringUp(postings: TermPostings): void {
    const before = postings.places.length
    if (postings.removals !== this.#removals) postings.filter(this.laneNumbers)
    postings.removals = this.#removals
    if (postings.records !== this.#records.count) {
      const { term, records } = postings
      this.#records.forEach(term, records, (place, weight) => postings.add(place, weight, this.laneNumbers[place] ?? 0))
    }
    postings.records = this.#records.count
    this.#postings += postings.places.length - before
  }

  #addSegments(changes: ScopeChanges, wanted: readonly HashedTerm[], version: number): void {
    const byTerm = Map.groupBy(changes.segments, (segment) => segment.term)
    for (const term of wanted) {
      const postings = this.postings(term)
      if (postings.version >= version) continue
      const packs = (byTerm.get(term.digits) ?? []).filter((segment) => segment.version > postings.version)
      const before = postings.places.length
      postings.reserve(packs.reduce((count, pack) => count + pack.postings.byteLength / 8, 0))
      for (const pack of packs) this.#addPack(postings, swapped(pack.postings))
      postings.version = version
      this.#postings += postings.places.length - before
    }
  }

  #addPack(postings: TermPostings, pack: Int32Array<ArrayBuffer>): void {
    const weights = new Float32Array(pack.buffer)
    for (let index = 0; index < pack.length; index += 2) {
      const place = pack[index] ?? 0
      postings.add(place, weights[index + 1] ?? 0, this.laneNumbers[place] ?? 0)
    }
  }
}

function grown<T extends Int32Array | Float32Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Big-endian 32-bit values as the machine has them, in memory of their own. */
function swapped(bytes: Uint8Array): Int32Array<ArrayBuffer> {
  const copy = Buffer.from(new Uint8Array(bytes).buffer)
  copy.swap32()
  return new Int32Array(copy.buffer, 0, copy.length / 4)
}
