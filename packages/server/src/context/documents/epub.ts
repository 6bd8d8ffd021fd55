// Books (EPUB): the chapters in the order of reading, each a page, as the HTML that they are.
import { dirname, join } from "node:path/posix"
import { ExtractedText } from "./extracted.ts"
import { parseHtml } from "./html.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"
import { walkXml } from "./xml.ts"
import type { ZipArchive } from "./zip.ts"

export function parseEpub(archive: ZipArchive, limits: ParseLimits): ParsedDocument {
  const chapters = chaptersOf(archive)
  if (chapters.length > limits.pagesMax)
    throw new DocumentError("invalid_file", `The book has ${chapters.length} chapters; filePagesMax is ${limits.pagesMax}. Split it.`)
  const text = new ExtractedText(limits)
  for (const [index, name] of chapters.entries()) {
    const html = archive.text(name)
    if (html === undefined) continue
    text.page(index + 1)
    const chapter = parseHtml(html.replace(/^\s*<\?xml[^>]*\?>/, ""))
    let open: readonly string[] = []
    for (const block of chapter.blocks) {
      for (const [depth, title] of block.heading.entries()) if (open[depth] !== title) text.heading(depth + 1, title)
      open = block.heading
      text.block(chapter.text.slice(block.start, block.end), { kind: block.kind })
    }
  }
  return text.finished("application/epub+zip")
}

function chaptersOf(archive: ZipArchive): string[] {
  let root = ""
  walkXml(archive.text("META-INF/container.xml") ?? "<c/>", "META-INF/container.xml", {
    open: (element) => (element.name === "rootfile" ? void (root = element.attribute("full-path") ?? "") : undefined),
  })
  const files = new Map<string, string>()
  const order: string[] = []
  walkXml(archive.text(root) ?? "<p/>", "package", {
    open: (element) => {
      const href = element.attribute("href")
      if (element.name === "item" && href !== undefined) files.set(element.attribute("id") ?? "", join(dirname(root), decoded(href)))
      else if (element.name === "itemref") order.push(element.attribute("idref") ?? "")
    },
  })
  return order.flatMap((id) => files.get(id) ?? [])
}

function decoded(href: string): string {
  try {
    return decodeURIComponent(href)
  } catch {
    return href
  }
}
