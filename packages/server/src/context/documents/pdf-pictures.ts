// The pictures on a page of a PDF, as files that what recognises text can read: what a scanner made is nothing else.
import { getResolvedPDFJS, type getDocumentProxy } from "unpdf"
import { picturePixelsMax } from "./ocr.ts"

type PdfPage = Awaited<ReturnType<Awaited<ReturnType<typeof getDocumentProxy>>["getPage"]>>

/** As pdf.js unpacks it; `kind` says how many bits a pixel has. */
interface PdfPicture {
  width: number
  height: number
  kind: number
  data: Uint8Array | Uint8ClampedArray
}

/** Smaller ones are marks and lines, no text. */
const sideMin = 24
const picturesMax = 64

/** In the order in which they are drawn; those that are too large or too small are left out. */
export async function picturesOf(page: PdfPage): Promise<Uint8Array[]> {
  const { OPS } = await getResolvedPDFJS()
  const { fnArray, argsArray } = await page.getOperatorList()
  const pictures: Uint8Array[] = []
  for (const [index, operator] of fnArray.entries()) {
    if (operator !== OPS.paintImageXObject && operator !== OPS.paintInlineImageXObject) continue
    const drawn: unknown = (argsArray[index] as unknown[] | undefined)?.[0]
    const picture = typeof drawn === "string" ? await objectOf(page, drawn) : drawn
    const file = isPicture(picture) ? graymap(picture) : undefined
    if (file !== undefined) pictures.push(file)
    if (pictures.length >= picturesMax) break
  }
  return pictures
}

function objectOf(page: PdfPage, name: string): Promise<unknown> {
  const objects = name.startsWith("g_") ? page.commonObjs : page.objs
  return new Promise((resolve) => void objects.get(name, resolve))
}

function isPicture(value: unknown): value is PdfPicture {
  if (typeof value !== "object" || value === null) return false
  const { width, height, data } = value as Partial<PdfPicture>
  if (typeof width !== "number" || typeof height !== "number" || !(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    return false
  return width >= sideMin && height >= sideMin && width * height <= picturePixelsMax
}

/** Shades of gray with a short head (PGM): colours say nothing about letters. Undefined for bits that are unknown. */
function graymap({ width, height, kind, data }: PdfPicture): Uint8Array | undefined {
  const head = Buffer.from(`P5\n${width} ${height}\n255\n`, "latin1")
  const file = new Uint8Array(head.length + width * height)
  file.set(head)
  const pixels = file.subarray(head.length)
  const channels = channelsOf(kind)
  if (channels === undefined) return undefined
  if (channels === 0) {
    const rowBytes = Math.ceil(width / 8)
    for (let at = 0; at < pixels.length; at++) {
      const [row, column] = [Math.floor(at / width), at % width]
      pixels[at] = ((data[row * rowBytes + (column >> 3)] ?? 0) >> (7 - (column & 7))) & 1 ? 255 : 0
    }
    return file
  }
  for (let at = 0; at < pixels.length; at++) {
    const from = at * channels
    pixels[at] = Math.round(0.299 * (data[from] ?? 0) + 0.587 * (data[from + 1] ?? 0) + 0.114 * (data[from + 2] ?? 0))
  }
  return file
}

/** By pdf.js's `ImageKind`; 0 is one bit for each pixel. */
function channelsOf(kind: number): 0 | 3 | 4 | undefined {
  return kind === 1 ? 0 : kind === 2 ? 3 : kind === 3 ? 4 : undefined
}
