// Text of pictures and of scanned pages, drawn here and read by the optional recogniser where it is installed; what is said where it is not.
import { describe, expect, it } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { drawText, makeScannedPdf, pngOf } from "../../testing/drawn-text.ts"
import { openDocuments } from "./documents.ts"
import { parseImage } from "./image.ts"
import { openPictureReader, picturePixelsMax } from "./ocr.ts"
import { parseDocument } from "./parse.ts"
import { parsePdf } from "./pdf.ts"
import { pictureSize } from "./picture-size.ts"

const limits = { pagesMax: 20, charactersMax: 500_000, unpackedBytesMax: 8_000_000 }
/** Beside no file, since NODE_PATH leads to the packages from any. */
const nowhere: string[] = []
const sentence = "THE CAT ATE THE OAT"
const scan = { drawn: drawText(sentence), bits: 8 } as const

const isInstalled = await openPictureReader().then(async (reader) => {
  await reader?.[Symbol.asyncDispose]()
  return reader !== undefined
})
const why = isInstalled ? "" : " (skipped: tesseract.js and @tesseract.js-data/eng, optional packages, are not installed)"

describe.skipIf(!isInstalled)(`with the recogniser${why}`, { timeout: 300_000 }, () => {
  it("the text of a picture is read", async () => {
    const { text, mediaType } = await parseDocument(pngOf(scan.drawn), "scan.png", limits)
    expect({ text, mediaType }).toEqual({ text: sentence, mediaType: "image/png" })
  })

  it("pages of a PDF that are only pictures are read in their place among those with text, whatever bits a pixel has", async () => {
    const other = { drawn: drawText("THAT HAT"), bits: 1 } as const
    const pdf = makeScannedPdf([scan, "Typed by hand", other])
    const { text, blocks } = await parseDocument(pdf, "scan.pdf", limits)
    expect(text.split("\n\n")).toEqual([sentence, "Typed by hand", "THAT HAT"])
    expect(blocks.map(({ page }) => page)).toEqual([1, 2, 3])
  })

  it("both are read in the parser's thread, which ends with the time that a file has", async () => {
    const options = { tokensMax: 100, overlapTokens: 0, chunksMax: 1_000 }
    const read = async (parseTimeoutMs: number): Promise<unknown> => {
      await using documents = openDocuments({ ...defaultLimits, parseTimeoutMs })
      const file = { filename: "scan.png", load: () => Promise.resolve(pngOf(scan.drawn)) }
      return await documents.read("a", file, options, new AbortController().signal)
    }
    expect(await read(240_000)).toMatchObject({ outcome: "done", result: { chunks: [{ text: sentence }] } })
    expect(await read(1)).toMatchObject({ outcome: "failed", failure: { code: "invalid_file" } })
  })

  it("a broken picture fails with the reason, and so does a blank one", async () => {
    await expect(parseImage(pngOf(scan.drawn).subarray(0, 60), "cut.png", "image/png", limits)).rejects.toMatchObject({
      code: "invalid_file",
    })
    const blank = makeScannedPdf([{ drawn: drawText("     "), bits: 8 }])
    await expect(parsePdf(blank, "blank.pdf", limits)).rejects.toMatchObject({
      code: "invalid_file",
      message: expect.stringMatching(/no text was recognised/) as string,
    })
  })
})

it("without the recogniser a scan is refused with the command that installs it, and pages with text are read all the same", async () => {
  await expect(parsePdf(makeScannedPdf([scan]), "scan.pdf", limits, nowhere)).rejects.toMatchObject({
    code: "invalid_file",
    message: expect.stringMatching(
      /has no text\. Its page is a picture.*npm install tesseract\.js@\S+ @tesseract\.js-data\/eng@/,
    ) as string,
  })
  const { text } = await parsePdf(makeScannedPdf([scan, "Typed by hand"]), "half.pdf", limits, nowhere)
  expect(text).toBe("Typed by hand")
})

it("a picture that would unpack to too much is refused by its head", async () => {
  const png = pngOf(drawText("T"))
  png.writeUInt32BE(60_000, 16)
  png.writeUInt32BE(60_000, 20)
  await expect(parseImage(png, "bomb.png", "image/png", limits)).rejects.toMatchObject({
    code: "invalid_file",
    message: expect.stringMatching(new RegExp(`60000 × 60000 pixels; at most ${picturePixelsMax}`)) as string,
  })
})

it("the head of each kind of picture says how large it is", () => {
  const of = (type: string, ...bytes: number[]): unknown => pictureSize(Uint8Array.from(bytes), type)
  const text = (value: string): number[] => [...Buffer.from(value, "latin1")]
  const size = { width: 300, height: 200 }
  expect(pictureSize(pngOf({ width: 300, height: 200, pixels: new Uint8Array(60_000) }), "image/png")).toEqual(size)
  expect(of("image/gif", ...text("GIF89a"), 0x2c, 1, 0xc8, 0)).toEqual(size)
  expect(of("image/bmp", ...text("BM"), ...Array<number>(16).fill(0), 0x2c, 1, 0, 0, 0x38, 0xff, 0xff, 0xff)).toEqual(size)
  expect(of("image/jpeg", 0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc0, 0, 11, 8, 0, 0xc8, 1, 0x2c)).toEqual(size)
  const webp = [...text("RIFF"), 0, 0, 0, 0, ...text("WEBP")]
  expect(of("image/webp", ...webp, ...text("VP8X"), 10, 0, 0, 0, 0, 0, 0, 0, 0x2b, 1, 0, 0xc7, 0, 0)).toEqual(size)
  expect(of("image/webp", ...webp, ...text("VP8L"), 9, 0, 0, 0, 0x2f, 0x2b, 0xc1, 0x31, 0)).toEqual(size)
  expect(of("image/webp", ...webp, ...text("VP8 "), 9, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x2c, 1, 0xc8, 0)).toEqual(size)
  expect(of("image/png", 0x89, 0x50)).toBeUndefined()
})
