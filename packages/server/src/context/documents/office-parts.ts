// The numbered parts of an office file: slides, sheets.
import { DocumentError } from "./types.ts"
import type { ZipArchive } from "./zip.ts"

/** Names of the parts `<prefix>1.xml`, `<prefix>2.xml` … in the order of their numbers. */
export function pagesOf(archive: ZipArchive, prefix: string, what: string, pagesMax: number): string[] {
  const numberOf = (name: string): number => Number(name.slice(prefix.length, -".xml".length))
  const names = archive.names.filter((name) => name.startsWith(prefix) && name.endsWith(".xml") && Number.isInteger(numberOf(name)))
  if (names.length > pagesMax)
    throw new DocumentError("invalid_file", `The file has ${names.length} ${what}; filePagesMax is ${pagesMax}. Split it.`)
  return names.toSorted((a, b) => numberOf(a) - numberOf(b))
}
