// The files of a database as a stream of tar, and back: each with its SHA-256, none of them whole in memory.
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { mkdir, open, readdir, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { AppError } from "../../../core/index.ts"
import { blockBytes, tarHeader } from "../archive.ts"

/** A path with `/` at its end is a directory: empty ones matter to Postgres. */
export interface PackedFile {
  path: string
  bytes: number
  sha256: string
}

export type Sink = (chunk: Uint8Array) => Promise<void>

/** Writes every file beneath `directory`; nobody else may write there meanwhile. */
export async function packFiles(directory: string, write: Sink): Promise<PackedFile[]> {
  const packed: PackedFile[] = []
  const visit = async (relative: string): Promise<void> => {
    const entries = await readdir(join(directory, relative), { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`
      if (entry.isDirectory()) {
        await write(tarHeader(`${path}/`, 0, "5"))
        packed.push({ path: `${path}/`, bytes: 0, sha256: "" })
        await visit(path)
      } else packed.push(await packFile(directory, path, write))
    }
  }
  await visit("")
  await write(Buffer.alloc(blockBytes * 2))
  return packed
}

async function packFile(directory: string, path: string, write: Sink): Promise<PackedFile> {
  const { size } = await stat(join(directory, path))
  await write(tarHeader(path, size, "0"))
  const hash = createHash("sha256")
  let written = 0
  // Not beyond what its header says.
  const content = size === 0 ? [] : createReadStream(join(directory, path), { end: size - 1, highWaterMark: 1024 * 1024 })
  for await (const chunk of content as AsyncIterable<Buffer>) {
    hash.update(chunk)
    written += chunk.length
    await write(chunk)
  }
  if (written !== size)
    throw new AppError("conflict", `The file ${path} became shorter while it was copied`, { hint: "Make the backup again." })
  await write(Buffer.alloc(padding(size)))
  return { path, bytes: size, sha256: hash.digest("hex") }
}

export interface TarEntry {
  path: string
  bytes: number
  /** To be read to its end before the next entry is asked for. */
  content: AsyncIterable<Buffer>
}

/** The entries of a tar stream in their order. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new BlockReader(source)
  for (;;) {
    const head = await reader.exactly(blockBytes)
    const path = head.toString("utf8", 0, Math.max(0, head.indexOf(0)))
    if (path === "") return
    const bytes = Number.parseInt(head.toString("latin1", 124, 135), 8)
    if (!Number.isSafeInteger(bytes) || !isSafe(path)) throw cut("an entry has no name or size that a backup has")
    yield { path, bytes, content: reader.pieces(bytes) }
    await reader.exactly(padding(bytes))
  }
}

/** Writes what `readTar` gives beneath `directory`, readable by its owner only. */
export async function unpackFile(directory: string, { path, bytes, content }: TarEntry): Promise<PackedFile> {
  const target = join(directory, path)
  if (path.endsWith("/")) {
    await mkdir(target, { recursive: true, mode: 0o700 })
    return { path, bytes: 0, sha256: "" }
  }
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const hash = createHash("sha256")
  await using file = await open(target, "wx", 0o600)
  for await (const chunk of content) {
    hash.update(chunk)
    await file.write(chunk)
  }
  return { path, bytes, sha256: hash.digest("hex") }
}

/** The hash alone, for a look at an archive. */
export async function hashFile({ path, bytes, content }: TarEntry): Promise<PackedFile> {
  const hash = createHash("sha256")
  for await (const chunk of content) hash.update(chunk)
  return { path, bytes, sha256: path.endsWith("/") ? "" : hash.digest("hex") }
}

/** A backup may come from anywhere: no path may lead out of its directory. */
function isSafe(path: string): boolean {
  return !path.startsWith("/") && !path.includes("\\") && path.split("/").every((part) => part !== ".." && part !== ".")
}

function padding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes
}

export function cut(what: string): AppError {
  return new AppError("invalid_file", `This is no complete backup: ${what}`, { hint: "Take another copy of it; nothing was changed." })
}

class BlockReader {
  readonly #source: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async exactly(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const piece of this.pieces(bytes)) parts.push(piece)
    return Buffer.concat(parts)
  }

  async *pieces(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next()
        if (next.done === true) throw cut("it ends in the middle")
        this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
      }
      const piece = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }
}
