// Postings of documents that are in no segment yet, in memory, found by their term.
import type { HashedTerm } from "./term-hash.ts"

const recordFields = 4

/** Records as they lie in a delta: high and low half of the term, place, weight. Those of one slot of the hash table are chained, the newest first. */
export class DeltaPostings {
  #records = new Int32Array(0)
  #weights = new Float32Array(0)
  #count = 0
  /** By slot one more than the number of its newest record, by record one more than that of the next older one; 0 is none. */
  #heads = new Int32Array(0)
  #older = new Int32Array(0)

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#records.byteLength + this.#heads.byteLength + this.#older.byteLength
  }

  /** Adds records whose places are counted from `place`. */
  add(records: Int32Array, place: number): void {
    for (let at = 0; at < records.length; at += recordFields) records[at + 2] = (records[at + 2] ?? 0) + place
    const first = this.#count
    this.#count += records.length / recordFields
    this.#reserveRecords()
    this.#records.set(records, first * recordFields)
    if (this.#count <= this.#heads.length) return this.#chain(first)
    this.#heads = new Int32Array(2 ** Math.ceil(Math.log2(this.#count)))
    this.#chain(0)
  }

  /** Calls `visit` for each record of the term from the given number on. */
  forEach({ high, low }: HashedTerm, from: number, visit: (place: number, weight: number) => void): void {
    const records = this.#records
    for (let number = this.#heads[low & (this.#heads.length - 1)] ?? 0; number > from; number = this.#older[number - 1] ?? 0) {
      const at = (number - 1) * recordFields
      if (records[at + 1] === low && records[at] === high) visit(records[at + 2] ?? 0, this.#weights[at + 3] ?? 0)
    }
  }

  /** Drops the records of places that are not kept. Numbers change. */
  keep(isKept: (place: number) => boolean): void {
    let used = 0
    for (let at = 0; at < this.#count * recordFields; at += recordFields) {
      if (!isKept(this.#records[at + 2] ?? 0)) continue
      this.#records.copyWithin(used, at, at + recordFields)
      used += recordFields
    }
    this.#count = used / recordFields
    this.#heads.fill(0)
    this.#chain(0)
  }

  #reserveRecords(): void {
    if (this.#count <= this.#older.length) return
    const size = Math.max(this.#count, Math.ceil(this.#older.length * 1.5))
    const records = new Int32Array(size * recordFields)
    records.set(this.#records)
    this.#records = records
    this.#weights = new Float32Array(records.buffer)
    const older = new Int32Array(size)
    older.set(this.#older)
    this.#older = older
  }

  #chain(first: number): void {
    const mask = this.#heads.length - 1
    for (let number = first; number < this.#count; number++) {
      const slot = (this.#records[number * recordFields + 1] ?? 0) & mask
      this.#older[number] = this.#heads[slot] ?? 0
      this.#heads[slot] = number + 1
    }
  }
}
