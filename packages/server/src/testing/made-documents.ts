// Documents made for tests: archives, office files, PDFs, pictures, and the bombs that look like them.
import { crc32, deflateRawSync, deflateSync } from "node:zlib"

export interface MadeEntry {
  name: string
  content: string | Buffer
  /** What the archive says of it instead of the truth. */
  claimedBytes?: number
}

export function makeZip(entries: readonly MadeEntry[]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, claimedBytes } of entries) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data, { level: 9 })
    const [nameBytes, bytes] = [Buffer.from(name), claimedBytes ?? data.length]
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(bytes, 18)
    fields.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, nameBytes, packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), fields, place, nameBytes]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06"), end])
}

const word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
const headingStyles = [1, 2, 3].map((depth) => `<w:style w:styleId="H${depth}"><w:name w:val="heading ${depth}"/></w:style>`).join("")

/** `body` is the XML inside of the document's body. */
export function makeDocx(body: string, others: readonly MadeEntry[] = []): Buffer {
  return makeZip([
    { name: "[Content_Types].xml", content: "<Types/>" },
    { name: "word/styles.xml", content: `<w:styles ${word}>${headingStyles}</w:styles>` },
    {
      name: "word/document.xml",
      content: `<?xml version="1.0" encoding="UTF-8"?><w:document ${word}><w:body>${body}</w:body></w:document>`,
    },
    ...others,
  ])
}

export function wordParagraph(text: string, properties = ""): string {
  return `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`
}

/** Each page is lines of `[size of the type, text]`; text in Latin 1. */
export function makePdf(pages: readonly (readonly (readonly [number, string])[])[]): Buffer {
  return pdfOf(
    pages.map((lines) => {
      let y = 760
      const shown = lines.map(([size, text]) => {
        y -= size * 1.4
        return `/F1 ${size} Tf 1 0 0 1 72 ${y.toFixed(1)} Tm (${text.replace(/[()\\]/g, "\\$&")}) Tj`
      })
      return { stream: Buffer.from(`BT\n${shown.join("\n")}\nET`, "latin1"), filters: "" }
    }),
  )
}

/** A page whose content unpacks to that many bytes, packed twice. */
export function makePdfBomb(unpackedBytes: number): Buffer {
  const stream = deflateSync(deflateSync(Buffer.alloc(unpackedBytes, "0 0 m "), { level: 9 }), { level: 9 })
  return pdfOf([{ stream, filters: "/Filter [/FlateDecode /FlateDecode]" }])
}

export function pdfOf(pages: readonly { stream: Buffer; filters: string }[]): Buffer {
  const objects: Buffer[] = [Buffer.from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")]
  const tree = 2 + pages.length * 2
  for (const { stream, filters } of pages) {
    objects.push(Buffer.concat([Buffer.from(`<< /Length ${stream.length} ${filters} >>\nstream\n`), stream, Buffer.from("\nendstream")]))
    const resources = "/Resources << /Font << /F1 1 0 R >> >>"
    objects.push(Buffer.from(`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${objects.length} 0 R ${resources} >>`))
  }
  const kids = pages.map((_, index) => `${3 + index * 2} 0 R`).join(" ")
  objects.push(
    Buffer.from(`<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`),
    Buffer.from(`<< /Type /Catalog /Pages ${tree} 0 R >>`),
  )
  const parts: Buffer[] = [Buffer.from("%PDF-1.4\n")]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  for (const [index, object] of objects.entries()) {
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")])
    offsets.push(length)
    parts.push(whole)
    length += whole.length
  }
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
  const trailer = `trailer << /Size ${objects.length + 1} /Root ${objects.length} 0 R >>\nstartxref\n${length}\n%%EOF`
  parts.push(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}${trailer}`))
  return Buffer.concat(parts)
}
