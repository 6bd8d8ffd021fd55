// Compaction of a scope's word index: recent documents become a segment, many small segments one larger, and what was removed leaves for good.
import { wordSegments, type Queryable, type ScopeDelta, type ScopeKey, type Store } from "../../store/index.ts"

/** Recent documents are compacted when there are so many of them, or so many bytes of postings. Each search of a cold scope reads them all. */
export const deltasMax = 128
const deltaBytesMax = 1024 * 1024
/** Segments of one size are joined when there are so many; so a term has at most about seven rows for each factor of eight in size. */
const segmentsMax = 8
/** What was removed is left out of segments when it is this share of what is there, and at least that many parts. */
const removedShareMax = 0.5
const removedPartsMin = 512
/** Deltas written into one segment at most: it bounds one statement. */
const deltasPerSegmentMax = 2_048
const rowsPerPage = 2_000

/**
 * Compacts the scope as far as it is due; with `purge`, what was removed is left out in any case. The scope stays readable and writable meanwhile:
 * only the last statements wait for writers, and they for them. Returns whether anything was done.
 */
export async function compactScope(store: Pick<Store, "project">, key: ScopeKey, { purge = false } = {}): Promise<boolean> {
  return store.project(key.projectId).transaction(async (tx) => {
    if (!(await wordSegments.tryLockCompaction(tx, key))) return false
    const debt = await wordSegments.debtOf(tx, key)
    if (debt === undefined) return false
    const written = debt.deltas >= deltasMax || debt.deltaBytes >= deltaBytesMax ? await writeSegment(tx, key, debt.version) : []
    let changed = written.length > 0
    while (await wordSegments.joinSegments(tx, key, segmentsMax)) changed = true
    const isPurgeDue = debt.removedParts >= Math.max(removedPartsMin, debt.parts * removedShareMax)
    const purged = (purge && debt.removedParts > 0) || isPurgeDue
    if (purged) await leaveOutRemoved(tx, key, debt.version)
    if (!changed && !purged) return false
    // The scope's row first, then what writers touch after it: two orders would wait for each other.
    await wordSegments.renewScope(tx, key)
    if (written.length > 0) await wordSegments.deleteDeltas(tx, key, written)
    if (purged) await wordSegments.deleteRemovals(tx, key, debt.version)
    return true
  })
}

/** Returns the first places of the documents in it. */
async function writeSegment(tx: Queryable, key: ScopeKey, version: number): Promise<number[]> {
  const deltas = await wordSegments.deltasUntil(tx, key, version, deltasPerSegmentMax)
  await wordSegments.insertSegment(tx, key, { version, ...segmentOf(deltas) })
  return deltas.map(({ place }) => place)
}

/** The postings of documents, by term and lane, and the table of their parts. */
function segmentOf(deltas: readonly ScopeDelta[]): Pick<wordSegments.NewSegment, "rows" | "places"> {
  const rows = new Map<string, { term: string; lane: string; chunks: Buffer[] }>()
  const places = new Map<string, Buffer[]>()
  for (const { lane, place, session, speaker, lengths, postings } of deltas) {
    const packed = Buffer.from(postings.buffer, postings.byteOffset, postings.byteLength)
    for (let at = 0; at < packed.length; at += 16) {
      const term = packed.readBigInt64BE(at).toString()
      const row = rows.get(`${lane} ${term}`) ?? { term, lane, chunks: [] }
      rows.set(`${lane} ${term}`, row)
      const record = Buffer.from(packed.subarray(at + 8, at + 16))
      record.writeInt32BE(record.readInt32BE(0) + place, 0)
      row.chunks.push(record)
    }
    const table = places.get(lane) ?? []
    places.set(lane, table)
    for (let part = 0; part * 4 < lengths.byteLength; part++) {
      const record = Buffer.alloc(16)
      record.writeInt32BE(place + part, 0)
      record.set(lengths.subarray(part * 4, part * 4 + 4), 4)
      record.writeInt32BE(session, 8)
      record.writeInt32BE(speaker, 12)
      table.push(record)
    }
  }
  return {
    rows: [...rows.values()].map(({ term, lane, chunks }) => ({ term, lane, postings: Buffer.concat(chunks) })),
    places: [...places].map(([lane, table]) => ({ lane, places: Buffer.concat(table) })),
  }
}

async function leaveOutRemoved(tx: Queryable, key: ScopeKey, version: number): Promise<void> {
  const gone = new Set<number>()
  for (const { place, parts } of await wordSegments.removalsUntil(tx, key, version)) {
    for (let each = place; each < place + parts; each++) gone.add(each)
  }
  let page: Awaited<ReturnType<typeof wordSegments.segmentRowsAfter>> = []
  do {
    page = await wordSegments.segmentRowsAfter(tx, key, page.at(-1), rowsPerPage)
    const changed = page.flatMap((row) => {
      const postings = without(row.postings, 8, gone)
      return postings === undefined ? [] : [{ ...row, postings }]
    })
    if (changed.length > 0) await wordSegments.replaceSegmentRows(tx, key, changed)
  } while (page.length === rowsPerPage)
  for (const row of await wordSegments.placesRows(tx, key)) {
    const places = without(row.places, 16, gone)
    if (places !== undefined) await wordSegments.replacePlacesRow(tx, key, { ...row, places })
  }
}

/** The records whose place is not gone; undefined when that is all of them. */
function without(packed: Uint8Array, recordBytes: number, gone: ReadonlySet<number>): Uint8Array | undefined {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const left: Buffer[] = []
  for (let at = 0; at < bytes.length; at += recordBytes) {
    if (!gone.has(bytes.readInt32BE(at))) left.push(bytes.subarray(at, at + recordBytes))
  }
  return left.length * recordBytes === bytes.length ? undefined : Buffer.concat(left)
}
