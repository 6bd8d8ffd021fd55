// Whether a directory has the files that the database says it has: a copy that was broken off, or made while it was written, lacks some.
import { statSync } from "node:fs"
import { join } from "node:path"

const pageBytes = 8_192
const namesMax = 5

/** The first few files that are missing or cut, by their path. */
export async function incompleteFiles(directory: string, query: <Row extends object>(text: string) => Promise<Row[]>): Promise<string[]> {
  const rows = await query<{ path: string | null }>(
    "select pg_relation_filepath(oid) as path from pg_class where relkind in ('r', 'i', 't', 'S', 'm')",
  )
  return rows
    .flatMap(({ path }) => (path === null || isWhole(join(directory, path)) ? [] : [path]))
    .toSorted()
    .slice(0, namesMax)
}

function isWhole(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && found.size % pageBytes === 0
}
