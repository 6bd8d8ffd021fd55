// Packs a directory into a compressed tar file and unpacks it: the form in which the template of the database is shipped.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib"

/** A tar file (ustar) of the directory's content, in a fixed order and without times, compressed with Brotli. */
export function packDirectory(directory: string): Buffer {
  const blocks: Buffer[] = []
  const visit = (relative: string): void => {
    const entries = readdirSync(join(directory, relative), { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`
      if (entry.isDirectory()) {
        blocks.push(tarHeader(`${path}/`, 0, "5"))
        visit(path)
      } else {
        const content = readFileSync(join(directory, path))
        blocks.push(tarHeader(path, content.length, "0"), content, Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes))
      }
    }
  }
  visit("")
  blocks.push(Buffer.alloc(blockBytes * 2))
  const tar = Buffer.concat(blocks)
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: tar.length,
  }
  return brotliCompressSync(tar, { params })
}

/** Unpacks into an empty directory. The archive is ours and its checksum was verified: paths aren't looked at with suspicion. */
export function unpackArchive(archive: Uint8Array, directory: string): void {
  const tar = brotliDecompressSync(archive)
  for (let offset = 0; offset + blockBytes <= tar.length;) {
    const name = tar.toString("utf8", offset, tar.indexOf(0, offset))
    if (name === "") return
    const sizeBytes = Number.parseInt(tar.toString("latin1", offset + 124, offset + 135), 8)
    const path = join(directory, name)
    offset += blockBytes
    if (name.endsWith("/")) mkdirSync(path, { recursive: true, mode: 0o700 })
    else {
      writeFileSync(path, tar.subarray(offset, offset + sizeBytes), { mode: 0o600 })
      chmodSync(path, 0o600)
    }
    offset += Math.ceil(sizeBytes / blockBytes) * blockBytes
  }
}

export const blockBytes = 512

export function tarHeader(name: string, sizeBytes: number, type: "0" | "5"): Buffer {
  if (Buffer.byteLength(name) > 99) throw new RangeError(`The path ${name} is too long for the archive`)
  const block = Buffer.alloc(blockBytes)
  block.write(name, 0, "utf8")
  block.write(type === "5" ? "0000700\0" : "0000600\0", 100, "latin1")
  block.write("0000000\0", 108, "latin1")
  block.write("0000000\0", 116, "latin1")
  block.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124, "latin1")
  block.write("00000000000\0", 136, "latin1")
  block.write("        ", 148, "latin1")
  block.write(type, 156, "latin1")
  block.write("ustar\x0000", 257, "latin1")
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return block
}
