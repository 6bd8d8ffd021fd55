// Pictures with text that tests draw: letters of five by seven points, as a PNG, and as pages of a PDF that a scanner could have made.
import { crc32, deflateSync } from "node:zlib"
import { pdfOf } from "./made-documents.ts"

const letters: Readonly<Record<string, string>> = {
  A: "..#.. .#.#. #...# #...# ##### #...# #...#",
  C: ".###. #...# #.... #.... #.... #...# .###.",
  E: "##### #.... #.... ####. #.... #.... #####",
  H: "#...# #...# #...# ##### #...# #...# #...#",
  O: ".###. #...# #...# #...# #...# #...# .###.",
  T: "##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..",
}
const [letterWidth, letterHeight, margin] = [5, 7, 5]

export interface DrawnText {
  width: number
  height: number
  /** Shades of gray, row by row. */
  pixels: Uint8Array
}

/** Black on white; of the letters above and spaces. */
export function drawText(text: string, scale = 6): DrawnText {
  const width = (text.length * (letterWidth + 1) + 2 * margin) * scale
  const height = (letterHeight + 2 * margin) * scale
  const pixels = new Uint8Array(width * height).fill(255)
  for (const [place, letter] of [...text].entries()) {
    for (const [row, points] of (letters[letter] ?? "").split(" ").entries()) {
      for (const [column, point] of [...points].entries()) {
        if (point !== "#") continue
        const [left, top] = [(margin + place * (letterWidth + 1) + column) * scale, (margin + row) * scale]
        for (let line = 0; line < scale; line++) pixels.fill(0, (top + line) * width + left, (top + line) * width + left + scale)
      }
    }
  }
  return { width, height, pixels }
}

export function pngOf({ width, height, pixels }: DrawnText): Buffer {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 0, 0, 0, 0], 8) // eight bits of gray
  const rows = Array.from({ length: height }, (_, row) => Buffer.concat([Buffer.alloc(1), pixels.subarray(row * width, (row + 1) * width)]))
  const parts = [pngPart("IHDR", head), pngPart("IDAT", deflateSync(Buffer.concat(rows))), pngPart("IEND", Buffer.alloc(0))]
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...parts])
}

function pngPart(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** Pages that are a picture each, of eight bits a pixel or of one; or of text, where one is given as such. */
export function makeScannedPdf(pages: readonly (string | { drawn: DrawnText; bits: 1 | 8 })[]): Buffer {
  return pdfOf(
    pages.map((page) => {
      if (typeof page === "string") return { stream: Buffer.from(`BT /F1 12 Tf 1 0 0 1 72 700 Tm (${page}) Tj ET`, "latin1"), filters: "" }
      const { width, height, pixels } = page.drawn
      const data = page.bits === 8 ? pixels : bitsOf(page.drawn)
      const head = `q 450 0 0 ${Math.round((450 * height) / width)} 72 500 cm BI /W ${width} /H ${height} /CS /G /BPC ${page.bits} ID `
      return { stream: Buffer.concat([Buffer.from(head, "latin1"), data, Buffer.from("\nEI Q\n", "latin1")]), filters: "" }
    }),
  )
}

function bitsOf({ width, height, pixels }: DrawnText): Uint8Array {
  const rowBytes = Math.ceil(width / 8)
  const bits = new Uint8Array(rowBytes * height)
  for (const [at, pixel] of pixels.entries()) {
    const [row, column] = [Math.floor(at / width), at % width]
    if (pixel > 127) bits[row * rowBytes + (column >> 3)]! |= 128 >> (column & 7)
  }
  return bits
}
