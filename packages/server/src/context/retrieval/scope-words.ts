// A copy in memory of one scope's word index: all of its parts and recent writes, and the postings of terms that were searched for.
import type { ScopeChanges, ScopeDelta } from "../../store/index.ts"
import type { Lane } from "./lanes.ts"

export interface LaneStatistics {
  /** Parts in the lane. */
  parts: number
  /** The lengths of all of them. */
  length: number
}

/** The parts that contain a term, as segments have them; parts that are gone may be among them. */
interface TermPostings {
  /** The version of the scope up to which segments were read. */
  version: number
  places: Int32Array
  weights: Float32Array
}

/** A term of a query: its 64 bits as decimal digits, and as two halves. */
export interface HashedTerm {
  digits: string
  high: number
  low: number
}

const none: TermPostings = { version: 0, places: new Int32Array(0), weights: new Float32Array(0) }
const recordFields = 4
/** Documents that came and went before their records are cleared away. */
const goneDeltasMin = 64

export class ScopeWords {
  /** Copies of another generation are dropped and read anew. */
  readonly generation: number
  version = 0
  lanes: ReadonlyMap<Lane, LaneStatistics> = new Map()
  /** By place: length, session, speaker, and one more than the number of the lane in `laneNames`; 0 for what is gone. */
  lengths = new Float32Array(0)
  sessions = new Int32Array(0)
  speakers = new Int32Array(0)
  laneNumbers = new Uint8Array(0)
  readonly laneNames: Lane[] = []
  /** Parts that were found before, by place. */
  readonly parts = new Map<number, { documentId: string; part: number }>()
  readonly #terms = new Map<string, TermPostings>()
  readonly #speakers = new Set<number>()
  #speakersUntil = 0
  /** What is in no segment yet: high and low half of the term, place, weight. */
  #records = new Int32Array(0)
  #recordWeights = new Float32Array(0)
  #recordsUsed = 0
  /** First places of documents in no segment yet. */
  readonly deltas = new Set<number>()
  #goneDeltas = 0
  #postings = 0

  constructor(generation: number) {
    this.generation = generation
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.lengths.length * 13 + this.#records.byteLength + this.#postings * 8 + this.#terms.size * 150 + this.parts.size * 120 + 500
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

  /** Calls `visit` for each part that contains the term and is still there. */
  forEach(term: HashedTerm, visit: (place: number, weight: number) => void): void {
    const { places, weights } = this.#terms.get(term.digits) ?? none
    for (let index = 0; index < places.length; index++) {
      const place = places[index] ?? 0
      if (this.laneNumbers[place] !== 0) visit(place, weights[index] ?? 0)
    }
    const records = this.#records
    for (let at = 0; at < this.#recordsUsed; at += recordFields) {
      if (records[at + 1] !== term.low || records[at] !== term.high) continue
      const place = records[at + 2] ?? 0
      if (this.laneNumbers[place] !== 0) visit(place, this.#recordWeights[at + 3] ?? 0)
    }
  }

  /** The speakers of what is there, by hash; one that is gone may still be among them. */
  speakersPresent(): ReadonlySet<number> {
    if (this.#speakersUntil < this.version) {
      for (const speaker of this.speakers) if (speaker !== 0) this.#speakers.add(speaker)
      this.#speakersUntil = this.version
    }
    return this.#speakers
  }

  /** Whether some part that is there contains the term. */
  has(term: HashedTerm): boolean {
    const { places } = this.#terms.get(term.digits) ?? none
    for (const place of places) if (this.laneNumbers[place] !== 0) return true
    const records = this.#records
    for (let at = 0; at < this.#recordsUsed; at += recordFields) {
      if (records[at + 1] === term.low && records[at] === term.high && this.laneNumbers[records[at + 2] ?? 0] !== 0) return true
    }
    return false
  }

  /** The number of a lane in `laneNumbers`. */
  laneNumber(lane: Lane): number {
    const known = this.laneNames.indexOf(lane)
    return known >= 0 ? known + 1 : this.laneNames.push(lane)
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
    const records = swapped(postings)
    for (let at = 0; at < records.length; at += recordFields) records[at + 2] = (records[at + 2] ?? 0) + place
    const used = this.#recordsUsed
    if (used + records.length > this.#records.length) {
      const size = Math.max(used + records.length, Math.ceil(this.#records.length * 1.5))
      this.#records = grown(this.#records, new Int32Array(size))
      this.#recordWeights = new Float32Array(this.#records.buffer)
    }
    this.#records.set(records, used)
    this.#recordsUsed = used + records.length
    this.deltas.add(place)
  }

  #setPlace(place: number, lane: number, length: number, session: number, speaker: number): void {
    this.lengths[place] = length
    this.sessions[place] = session
    this.speakers[place] = speaker
    this.laneNumbers[place] = lane
  }

  #remove(place: number, parts: number): void {
    for (let each = place; each < place + parts; each++) {
      this.laneNumbers[each] = 0
      this.parts.delete(each)
    }
    if (this.deltas.delete(place) && (this.#goneDeltas += 1) > this.deltas.size + goneDeltasMin) this.#dropGoneRecords()
  }

  #dropGoneRecords(): void {
    let used = 0
    for (let at = 0; at < this.#recordsUsed; at += recordFields) {
      if (this.laneNumbers[this.#records[at + 2] ?? 0] === 0) continue
      this.#records.copyWithin(used, at, at + recordFields)
      used += recordFields
    }
    this.#recordsUsed = used
    this.#goneDeltas = 0
  }

  #addSegments(changes: ScopeChanges, wanted: readonly HashedTerm[], version: number): void {
    const byTerm = Map.groupBy(changes.segments, (segment) => segment.term)
    for (const { digits } of wanted) {
      const known = this.#terms.get(digits) ?? none
      if (known.version >= version) continue
      const packs = (byTerm.get(digits) ?? [])
        .filter((segment) => segment.version > known.version)
        .map((segment) => swapped(segment.postings))
      const added = packs.reduce((count, pack) => count + pack.length / 2, 0)
      const places = grown(known.places, new Int32Array(known.places.length + added))
      const weights = grown(known.weights, new Float32Array(known.places.length + added))
      let at = known.places.length
      for (const pack of packs) {
        const floats = new Float32Array(pack.buffer)
        for (let index = 0; index < pack.length; index += 2) {
          places[at] = pack[index] ?? 0
          weights[at++] = floats[index + 1] ?? 0
        }
      }
      this.#postings += added
      this.#terms.set(digits, { version, places, weights })
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
