// The port of vector search inside one scope, and what serves it here: a matrix in memory, an exact comparison in SQL, or an approximate index, by the scope's size.
import { setTimeout as pause } from "node:timers/promises"
import {
  embeddings,
  largeEmbeddings,
  type ModelKey,
  type PlacedVector,
  type Queryable,
  type Store,
  type Transactor,
} from "../../store/index.ts"
import type { Lane } from "./lanes.ts"
import { highest } from "./highest.ts"
import { largeRowsMin } from "./vector-growth.ts"
import { innerProduct, VectorMatrix } from "./vector-matrix.ts"
import type { Compactor } from "./compactor.ts"
import type { PlaceFilter } from "./place-filter.ts"

export interface VectorQuery extends ModelKey {
  vector: Float32Array
  lanes: readonly Lane[]
  /** Whether a place is there and may be found. */
  accept: (place: number) => boolean
  /** Which places may be found; null is all of them. */
  filter: PlaceFilter | null
  /** How many parts may be found, about. */
  available: number
  limit: number
}

/** What a search has to know of a scope's vectors before it compares any. */
export interface VectorState {
  scope: Awaited<ReturnType<typeof embeddings.vectorScope>>
  /** The copy in memory that the changes in `scope` belong to. */
  matrix: VectorMatrix | undefined
}

export interface VectorIndex {
  /** Reads that much; it may be read at once with something else. */
  state(db: Queryable, key: ModelKey): Promise<VectorState>
  /** Cosines by place: of the nearest, and of those other places that have a vector. With a state that the same search has read. */
  similarities(db: Queryable | Transactor, query: VectorQuery, others: readonly number[], state: VectorState): Promise<Map<number, number>>
  /** Resolves when nothing is being read in the background. */
  settled(): Promise<void>
}

export interface VectorIndexDependencies {
  store: Pick<Store, "project" | "engine">
  /** Memory for matrices; the scopes that were used longest ago go first. */
  bytesMax: number
  /** For tests: other sizes from which on another way is taken. */
  sizes?: { matrixRowsMax: number; largeRowsMin: number; rowsPerVisit?: number }
  /** Told of scopes that have grown large. */
  compactor?: Pick<Compactor, "wish">
}

/** A scope of so many vectors is compared in memory, once it was searched a second time; a matrix may grow to twice as many. */
const matrixRowsMax = 10_000
/** Rows read for each part wanted of a large scope: parts of several pieces come several times. */
const rowsPerPart = 2
/** Rows read besides: the database rounds otherwise, so two that are nearly as near may stand the other way round. */
const rowsBeside = 16
/** Each page is a few milliseconds in which this process does nothing else. */
const rowsPerPage = 200
/** Where more scopes are searched than fit, reading them in turn would cost more than it saves: one takes the place of others only so often. */
const replacementMs = 1_000
const missesMax = 10_000
/** A scope is read when the search that wanted it has its answer, one after the other; who finds this many waiting asks again later. */
const loadDelayMs = 20
const loadsWaitingMax = 100

export function createVectorIndex(dependencies: VectorIndexDependencies): VectorIndex {
  return new SizedVectorIndex(dependencies)
}

class SizedVectorIndex implements VectorIndex {
  readonly #dependencies: VectorIndexDependencies
  // Maps keep the order of insertion, so the first key is the scope that was used longest ago.
  readonly #matrices = new Map<string, { matrix: VectorMatrix; bytes: number }>()
  readonly #loading = new Map<string, Promise<void>>()
  #lastLoad: Promise<void> = Promise.resolve()
  readonly #missed = new Set<string>()
  readonly #sizes: { matrixRowsMax: number; largeRowsMin: number; rowsPerVisit: number }
  #bytes = 0
  #replacedAt = -Infinity
  #largeIndex = new Map<number, boolean>()

  constructor(dependencies: VectorIndexDependencies) {
    this.#dependencies = dependencies
    this.#sizes = { matrixRowsMax, largeRowsMin, rowsPerVisit, ...dependencies.sizes }
  }

  async state(db: Queryable, key: ModelKey): Promise<VectorState> {
    const matrix = this.#matrices.get(nameOf(key))?.matrix
    return { matrix, scope: await embeddings.vectorScope(db, key, matrix?.version ?? Number.MAX_SAFE_INTEGER) }
  }

  async similarities(
    db: Queryable | Transactor,
    query: VectorQuery,
    others: readonly number[],
    { scope, matrix }: VectorState,
  ): Promise<Map<number, number>> {
    if (scope === undefined) return new Map()
    if (matrix?.dimensions === query.vector.length) {
      // A search that began earlier may answer later: it has nothing new.
      if (scope.version > matrix.version) for (const change of scope.changes) matrix.set(change)
      matrix.version = Math.max(matrix.version, scope.version)
      this.#keep(nameOf(query), matrix)
      return fromMatrix(matrix, query, others)
    }
    if (scope.rows >= this.#sizes.largeRowsMin && scope.stage !== "large") this.#dependencies.compactor?.wish(query)
    const found = await this.#inDatabase(db, query, others, scope)
    if (scope.rows <= this.#sizes.matrixRowsMax) this.#miss(nameOf(query), query, scope.rows)
    return found
  }

  async settled(): Promise<void> {
    await Promise.all(this.#loading.values())
  }

  async #inDatabase(
    db: Queryable | Transactor,
    query: VectorQuery,
    others: readonly number[],
    scope: NonNullable<VectorState["scope"]>,
  ): Promise<Map<number, number>> {
    const { largeRowsMin: rowsMin, rowsPerVisit: perVisit } = this.#sizes
    const isLarge = scope.stage === "large" && query.available >= rowsMin / 2 && isIndexFaster(query, perVisit)
    const read = isLarge ? await inTransaction(db, (tx) => this.#large(tx, query, others)) : await exact(db, query, others)
    const found = fromVectors(
      read.filter(({ isNear }) => isNear),
      query,
    )
    const missing = new Set(others.filter((place) => !found.has(place)))
    const rest = fromVectors(read, { ...query, accept: (place) => missing.has(place), limit: Infinity })
    return new Map([...found, ...rest])
  }

  /** By the approximate index, when there is one for such vectors and it finds enough. */
  async #large(tx: Queryable, query: VectorQuery, others: readonly number[]): Promise<ReadVector[]> {
    const { length } = query.vector
    const known = this.#largeIndex.get(length) ?? (await largeEmbeddings.hasLargeIndex(tx, length))
    this.#largeIndex.set(length, known)
    if (!known) return exact(tx, query, others)
    const limit = query.limit * rowsPerPart
    const asked = { ...query, condition: query.filter?.condition ?? null }
    const found = await largeEmbeddings.nearestLarge(tx, asked, limit, this.#dependencies.store.engine === "postgres")
    if (found.length < limit) return exact(tx, query, others)
    const near = new Set(found.map(({ place }) => place))
    const rest = await embeddings.vectorsAt(
      tx,
      query,
      others.filter((place) => !near.has(place)),
    )
    return [...found.map((each) => ({ ...each, isNear: true })), ...rest.map((each) => ({ ...each, isNear: false }))]
  }

  #miss(name: string, query: VectorQuery, rows: number): void {
    if (this.#missed.delete(name)) this.#load(name, query, rows)
    else if (this.#missed.size < missesMax) this.#missed.add(name)
    else this.#missed.clear()
  }

  /** Reads a scope's vectors in the background, page by page, so that nobody waits for all of them. */
  #load(name: string, { projectId, scopeId, model, vector }: VectorQuery, rows: number): void {
    if (this.#loading.has(name) || this.#loading.size >= loadsWaitingMax) return
    const load = async (): Promise<void> => {
      await pause(loadDelayMs)
      if (!this.#hasRoom(rows * vector.length * 4)) return
      const db = this.#dependencies.store.project(projectId)
      const key = { projectId, scopeId, model }
      const scope = await embeddings.vectorScope(db, key, Number.MAX_SAFE_INTEGER)
      const matrix = new VectorMatrix(vector.length, scope?.version ?? 0, scope?.rows ?? 0)
      let page: PlacedVector[] = []
      do {
        page = await embeddings.vectorsAfter(db, key, page.at(-1) ?? { place: -1, piece: -1 }, rowsPerPage)
        for (const row of page) matrix.set(row)
      } while (page.length === rowsPerPage && matrix.rows <= this.#sizes.matrixRowsMax * 2)
      if (page.length < rowsPerPage) this.#keep(name, matrix)
    }
    // A search goes on without it; the next one tries again.
    this.#lastLoad = this.#lastLoad
      .then(load)
      .catch(noop)
      .finally(() => this.#loading.delete(name))
    this.#loading.set(name, this.#lastLoad)
  }

  #hasRoom(bytes: number): boolean {
    const { bytesMax } = this.#dependencies
    if (bytes > bytesMax) return false
    if (this.#bytes + bytes <= bytesMax) return true
    const now = performance.now()
    if (now - this.#replacedAt < replacementMs) return false
    this.#replacedAt = now
    return true
  }

  #keep(name: string, matrix: VectorMatrix): void {
    const { bytesMax } = this.#dependencies
    this.#bytes += matrix.bytes - (this.#matrices.get(name)?.bytes ?? 0)
    this.#matrices.delete(name)
    if (matrix.rows > this.#sizes.matrixRowsMax * 2) {
      this.#bytes -= matrix.bytes
      return
    }
    this.#matrices.set(name, { matrix, bytes: matrix.bytes })
    for (const [oldest, { bytes }] of this.#matrices) {
      if (this.#bytes <= bytesMax) break
      this.#bytes -= bytes
      this.#matrices.delete(oldest)
    }
  }
}

function noop(): void {
  // Nothing is to be done.
}

type ReadVector = PlacedVector & { isNear: boolean }

/** Reads more rows until enough different parts are among them, or there are no more. */
async function exact(db: Queryable, query: VectorQuery, others: readonly number[]): Promise<ReadVector[]> {
  const condition = query.filter?.condition ?? null
  for (let limit = query.limit + rowsBeside; ; limit *= 4) {
    const rows = await embeddings.nearestExactly(db, { ...query, condition }, limit, others)
    const near = rows.filter(({ isNear }) => isNear)
    if (near.length < limit || new Set(near.map(({ place }) => place)).size >= query.limit) return rows
  }
}

/**
 * Visiting a row by the approximate index costs as much as comparing so many exactly: by the figures of a scope of 100,000 in bench/retrieval some 65 µs
 * against 2.3 on Postgres, and more on the embedded engine.
 */
const rowsPerVisit = 30

/** The index visits as many rows for each that is wanted as the filter has between two that pass; an exact comparison reads all that pass. */
function isIndexFaster({ filter, available, limit }: VectorQuery, perVisit: number): boolean {
  if (filter === null) return true
  const passing = filter.leaves(available)
  return passing > 0 && passing >= ((limit * rowsPerPart * available) / passing) * perVisit
}

function nameOf({ projectId, scopeId, model }: ModelKey): string {
  return `${projectId} ${scopeId} ${model}`
}

function inTransaction<T>(db: Queryable | Transactor, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return "transaction" in db ? db.transaction(work) : work(db)
}

function fromMatrix(matrix: VectorMatrix, query: VectorQuery, others: readonly number[]): Map<number, number> {
  const found = matrix.nearest(query.vector, query.accept, query.limit)
  for (const place of others) {
    const similarity = found.has(place) ? undefined : matrix.similarity(query.vector, place)
    if (similarity !== undefined) found.set(place, similarity)
  }
  return found
}

/** Similarities are computed here, wherever the vectors come from: the same vector has the same one, cached or not. */
function fromVectors(
  vectors: readonly PlacedVector[],
  { vector, accept, limit }: Pick<VectorQuery, "vector" | "accept" | "limit">,
): Map<number, number> {
  const best = new Map<number, number>()
  for (const { place, vector: found } of vectors) {
    if (found?.length !== vector.length || !accept(place)) continue
    const similarity = innerProduct(vector, found, 0)
    const known = best.get(place)
    if (known === undefined || similarity > known) best.set(place, similarity)
  }
  return highest(best, limit)
}
