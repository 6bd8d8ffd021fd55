// Searches the files of a Postgres server for bytes, through the server: its log, this database, what statements and slots put aside.
// The bytes are compared here: patterns that travelled to the server could end in its own log.
import { createByteSearch, type ByteSearch } from "../byte-search.ts"
import type { FindOptions, FoundBytes } from "../scrub.ts"
import { rightsOf } from "./scrub-rights.ts"
import type { ScrubSession } from "./scrub-session.ts"

const pieceBytes = 1024 * 1024

export async function findBytesOn(session: ScrubSession, patterns: readonly Uint8Array[], options: FindOptions): Promise<FoundBytes> {
  if (!(await rightsOf(session)).read) return { files: null, containing: [] }
  const search = createByteSearch(patterns)
  const paths = await filesOf(session)
  const found: Required<FoundBytes> & { files: number } = { files: 0, containing: [], unread: 0 }
  let left = options.readBytesMax
  for (const [index, path] of paths.entries()) {
    options.onProgress?.("files", index, paths.length)
    const read = left <= 0 ? "refused" : await searchFile(session, path, search, left)
    if (read === "gone") continue
    if (read === "refused") found.unread += 1
    else {
      found.files += 1
      left -= read.bytes
      if (read.isFound) found.containing.push(path)
      if (!read.isWhole) found.unread += 1
    }
  }
  return { ...found, containing: found.containing.toSorted() }
}

interface ReadFile {
  bytes: number
  isFound: boolean
  isWhole: boolean
}

/** Pieces overlap, so that nothing is missed that lies across two. */
async function searchFile(
  session: ScrubSession,
  path: string,
  search: ByteSearch,
  bytesMax: number,
): Promise<ReadFile | "gone" | "refused"> {
  let kept = Buffer.alloc(0)
  for (let bytes = 0; ;) {
    const piece = await readPiece(session, path, bytes)
    if (piece === "refused") return piece
    // The server removes files while it is read: log that it needs no more, rests of tables that were rewritten.
    if (piece === null) return "gone"
    bytes += piece.length
    const window = Buffer.concat([kept, piece])
    if (search.isIn(window)) return { bytes, isFound: true, isWhole: true }
    if (piece.length < pieceBytes) return { bytes, isFound: false, isWhole: true }
    if (bytes >= bytesMax) return { bytes, isFound: false, isWhole: false }
    kept = Buffer.from(window.subarray(Math.max(0, window.length - search.longest + 1)))
  }
}

async function readPiece(session: ScrubSession, path: string, offset: number): Promise<Uint8Array | null | "refused"> {
  try {
    return await session.bytes("select pg_read_binary_file($1, $2, $3, true)", [path, offset, pieceBytes])
  } catch (error) {
    if (isFileError(error)) return "refused"
    throw error
  }
}

/** A directory, or a file that the server itself cannot read: it is counted as unread. */
function isFileError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return typeof code === "string" && (code.startsWith("58") || code === "42809" || code === "42501" || code === "22023")
}

/** The log first: it is what is most likely to hold something. Directories among the entries have known names. */
async function filesOf(session: ScrubSession): Promise<string[]> {
  const [row] = await session.query<{ database: string }>(
    "select oid::text as database from pg_database where datname = current_database()",
  )
  const database = row?.database ?? ""
  const spaces = ["base", ...(await listAll(session, await list(session, "pg_tblspc")))]
  const log = (await list(session, "pg_wal")).filter((path) => !/\/(archive_status|summaries)$/.test(path))
  const tables = await listAll(
    session,
    spaces.map((space) => `${space}/${database}`),
  )
  const temporary = await listAll(
    session,
    spaces.map((space) => `${space}/pgsql_tmp`),
  )
  // Workers of one statement share a directory.
  const shared = temporary.filter((path) => path.endsWith(".fileset"))
  const single = temporary.filter((path) => !path.endsWith(".fileset"))
  const slots = await listAll(session, await list(session, "pg_replslot"))
  return [...log, ...tables, ...single, ...(await listAll(session, shared)), ...slots]
}

async function listAll(session: ScrubSession, directories: readonly string[]): Promise<string[]> {
  const entries: string[] = []
  for (const directory of directories) entries.push(...(await list(session, directory)))
  return entries
}

async function list(session: ScrubSession, directory: string): Promise<string[]> {
  const rows = await session.query<{ name: string }>("select name from pg_ls_dir($1, true, false) as name order by 1", [directory])
  return rows.map(({ name }) => `${directory}/${name}`)
}
