// Tests of hostile and broken files: each ends with a clear reason that names the place, within limits, and the next file is read.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { makeDocx, makePdf, makePdfBomb, makeZip, wordParagraph } from "../../testing/made-documents.ts"
import { openDocuments } from "./documents.ts"
import { parseImage } from "./image.ts"
import { jsonErrorAt } from "./json-error.ts"
import { parseDocument } from "./parse.ts"

const limits = { pagesMax: 20, charactersMax: 500_000, unpackedBytesMax: 8_000_000 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const word = 'xmlns:w="w"'

describe("a file that is no document", () => {
  const truncated = makeDocx(wordParagraph("text")).subarray(0, -40)
  const sheets = Array.from({ length: 21 }, (_, index) => ({ name: `xl/worksheets/sheet${index + 1}.xml`, content: "<w/>" }))
  const deep = (depth: number): string => `${"<w:tbl><w:tr><w:tc>".repeat(depth)}${"</w:tc></w:tr></w:tbl>".repeat(depth)}`
  it.each<[string, string, Uint8Array, string, RegExp]>([
    ["a zip bomb in a DOCX", "bomb.docx", makeDocx(" ".repeat(30_000_000)), "invalid_file", /word\/document.xml' unpacks to more than/],
    [
      "a zip bomb that lies about its size",
      "bomb.docx",
      makeZip([{ name: "word/document.xml", content: Buffer.alloc(30_000_000), claimedBytes: 10 }]),
      "invalid_file",
      /unpacks to more than/,
    ],
    [
      "an archive with two files of one name",
      "twice.docx",
      makeZip([
        { name: "a", content: "x" },
        { name: "a", content: "y" },
      ]),
      "invalid_file",
      /two entries named 'a'/,
    ],
    ["a DOCX that is cut off", "cut.docx", truncated, "invalid_file", /its end is missing/],
    ["a zip archive of something else", "photos.zip", makeZip([{ name: "a.jpg", content: "x" }]), "unsupported_file", /Unpack it/],
    [
      "entities that would expand a thousandfold",
      "laughs.docx",
      makeZip([
        { name: "word/document.xml", content: `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document ${word}>&b;</w:document>` },
      ]),
      "invalid_file",
      /declares a document type/,
    ],
    [
      "XML that is broken",
      "broken.docx",
      makeZip([{ name: "word/document.xml", content: `<w:document ${word}><w:p>` }]),
      "invalid_file",
      /word\/document.xml is no valid XML: 1:\d+/,
    ],
    ["XML nested too deeply", "deep.docx", makeDocx(deep(200)), "invalid_file", /nested deeper than 256/],
    [
      "too many sheets",
      "many.xlsx",
      makeZip([{ name: "xl/workbook.xml", content: "<w/>" }, ...sheets]),
      "invalid_file",
      /21 sheets; filePagesMax is 20/,
    ],
    [
      "an ODT that unpacks to a bomb",
      "bomb.odt",
      makeZip([
        { name: "mimetype", content: "application/vnd.oasis.opendocument.text" },
        { name: "content.xml", content: Buffer.alloc(30_000_000, 32) },
      ]),
      "invalid_file",
      /content.xml' unpacks to more than/,
    ],
    [
      "an ODT that is protected",
      "locked.odt",
      makeZip([
        { name: "mimetype", content: "application/vnd.oasis.opendocument.text" },
        { name: "content.xml", content: "garbage" },
        { name: "META-INF/manifest.xml", content: "<manifest:encryption-data/>" },
      ]),
      "invalid_file",
      /protected by a password/,
    ],
    [
      "an OpenDocument drawing",
      "plan.odg",
      makeZip([
        { name: "mimetype", content: "application/vnd.oasis.opendocument.graphics" },
        { name: "content.xml", content: "<a/>" },
      ]),
      "unsupported_file",
      /of the kind 'graphics'/,
    ],
    ["RTF nested too deeply", "deep.rtf", bytes(`{\\rtf1 ${"{".repeat(300)}x`), "invalid_file", /nested deeper than 256 groups/],
    ["RTF that is cut off", "cut.rtf", bytes("{\\rtf1 text \\"), "invalid_file", /ends within a control word/],
    ["RTF of a picture alone", "picture.rtf", bytes("{\\rtf1{\\pict\\bin5 abcde}}"), "invalid_file", /no text that a reader would see/],
    ["RTF in a code page that nobody has", "page.rtf", bytes("{\\rtf1\\ansicpg99999 x}"), "unsupported_file", /code page 99999/],
    [
      "mail with parts in parts in parts",
      "nested.eml",
      bytes(
        `From: a@example.com\nSubject: x\n${Array.from({ length: 40 }, (_, level) => `Content-Type: multipart/mixed; boundary="b${level}"\n\n--b${level}\n`).join("")}`,
      ),
      "invalid_file",
      /nesting depth of 32 levels/,
    ],
    ["mail with a head of megabytes", "head.eml", bytes(`Subject: ${"x".repeat(600_000)}\n\ntext`), "invalid_file", /header size/i],
    [
      "a mailbox of too many messages",
      "many.mbox",
      bytes(
        Array.from(
          { length: 21 },
          (_, index) => `From a@example.com Thu Jan  1 00:00:00 2026\nFrom: a@example.com\nSubject: ${index}\n\ntext\n\n`,
        ).join(""),
      ),
      "invalid_file",
      /more than 20 messages/,
    ],
    ["a PDF of garbage", "garbage.pdf", bytes("%PDF-1.7\nnothing of the kind"), "invalid_file", /broken PDF/],
    [
      "a PDF with too many pages",
      "long.pdf",
      makePdf(Array.from({ length: 21 }, () => [[11, "x"]])),
      "invalid_file",
      /21 pages; filePagesMax is 20/,
    ],
    ["a PDF without text", "scan.pdf", makePdf([[], []]), "invalid_file", /2 pages are pictures/],
    [
      "an old Word file",
      "old.doc",
      Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ...new Uint8Array(600)]),
      "unsupported_file",
      /Save it as DOCX/,
    ],
    ["a program", "run.txt", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...new Uint8Array(60)]), "unsupported_file", /x-elf/],
    ["a CSV with an open quote", "open.csv", bytes('a,b\n1,2\n3,"4\n5,6\n'), "invalid_file", /line 3 opens a quote/],
    [
      "a CSV whose names repeat endlessly",
      "wide.csv",
      bytes(`${"n".repeat(10_000)}\n${"1\n".repeat(1_000)}`),
      "invalid_file",
      /more than 500000 characters/,
    ],
    ["broken JSON", "broken.json", bytes('{\n  "a": 1,\n  "b": tru\n}'), "invalid_file", /broken at line 3/],
    ["a broken line of JSON lines", "broken.jsonl", bytes('{"a":1}\n{"a":2}\n{"a":\n'), "invalid_file", /broken at line 3/],
    [
      "JSON nested 100,000 deep",
      "deep.json",
      bytes(`${"[".repeat(100_000)}${"]".repeat(100_000)}`),
      "invalid_file",
      /nested (?:deeper than 64|too deeply)/,
    ],
    [
      "mixed encodings",
      "mixed.txt",
      Buffer.concat([Buffer.from("Grüße aus Köln\nund "), Buffer.from([0xe9, 0x20]), Buffer.from("mehr")]),
      "invalid_file",
      /1 byte, the first at byte 22 in line 2/,
    ],
    [
      "more characters than allowed",
      "long.txt",
      bytes("word ".repeat(100_001)),
      "invalid_file",
      /500005 characters; fileCharactersMax is 500000/,
    ],
  ])("%s is refused with its reason", async (_, filename, content, code, message) => {
    await expect(parseDocument(content, filename, limits)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

it("the place of an error in JSON is right wherever a valid text is cut or spoilt", () => {
  const valid = JSON.stringify({ a: [1, -2.5e3, true, null, "xy\\n", []], b: {}, c: { d: "ü" } }, null, 1)
  for (let at = 0; at < valid.length; at++) {
    expect(jsonErrorAt(valid.slice(0, at))).toBeLessThanOrEqual(at)
    expect(jsonErrorAt(`${valid.slice(0, at)}\u0001${valid.slice(at)}`)).toBeLessThanOrEqual(at)
  }
  expect(jsonErrorAt(valid)).toBe(valid.length)
  expect(jsonErrorAt('{"a": 1, "b": tru}')).toBe(14)
  expect(jsonErrorAt("[1, 2,]")).toBe(6)
})

describe("the worker threads", () => {
  const signal = new AbortController().signal
  const options = { tokensMax: 100, overlapTokens: 0, chunksMax: 1_000 }
  const documents = openDocuments({ ...defaultLimits, parseMemoryMb: 96 })
  afterAll(() => documents[Symbol.asyncDispose]())
  const read = (filename: string, content: Uint8Array): ReturnType<typeof documents.read> =>
    documents.read("a", { filename, load: () => Promise.resolve(content) }, options, signal)

  it("end a PDF bomb by its memory, and read the next file", async () => {
    const bomb = makePdfBomb(600_000_000)
    expect(bomb.length).toBeLessThan(100_000)
    const before = process.memoryUsage().rss
    expect(await read("bomb.pdf", bomb)).toMatchObject({
      outcome: "failed",
      failure: { code: "invalid_file", message: expect.stringMatching(/more than 96 MB/) },
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(500_000_000)
    expect(await read("next.txt", bytes("Fine."))).toMatchObject({ outcome: "done", result: { chunks: [{ text: "Fine." }] } })
  })
})

describe("pictures", () => {
  const png = Uint8Array.from([
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0,
  ])
  it("need an optional package: without it the answer says how to install it", async () => {
    await expect(parseImage(png, "scan.png", "image/png", limits, [])).rejects.toMatchObject({
      code: "unsupported_file",
      message: expect.stringMatching(/image\/png.*npm install tesseract\.js@\S+ @tesseract\.js-data\/eng@/),
    })
  })

  const installed = existsSync(join(process.cwd(), "node_modules/tesseract.js"))
  it.skipIf(!installed)(
    `that are broken are refused${installed ? "" : " (skipped: tesseract.js, an optional package, is not installed)"}`,
    async () => {
      await expect(parseImage(png, "scan.png", "image/png", limits)).rejects.toMatchObject({ code: "invalid_file" })
    },
  )
})
