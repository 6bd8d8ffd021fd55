// Presentations (PPTX): each slide a page with its title as heading, then its notes.
import { ExtractedText } from "./extracted.ts"
import { pagesOf } from "./office-parts.ts"
import type { ParsedDocument, ParseLimits } from "./types.ts"
import { walkXml } from "./xml.ts"
import type { ZipArchive } from "./zip.ts"

export function parseSlides(archive: ZipArchive, limits: ParseLimits): ParsedDocument {
  const text = new ExtractedText(limits)
  for (const [index, name] of pagesOf(archive, "ppt/slides/slide", "slides", limits.pagesMax).entries()) {
    text.page(index + 1)
    const paragraphs = paragraphsOf(archive.text(name) ?? "", name)
    const title = paragraphs.find(({ isTitle }) => isTitle)
    text.heading(1, title?.text ?? `Slide ${index + 1}`)
    for (const paragraph of paragraphs) if (paragraph !== title) text.block(paragraph.text)
    const number = /(\d+)\.xml$/.exec(name)?.[1] ?? ""
    const notes = archive.text(`ppt/notesSlides/notesSlide${number}.xml`)
    if (notes === undefined) continue
    const spoken = paragraphsOf(notes, "notes").filter((note) => !/^\d+$/.test(note.text.trim()))
    if (spoken.length > 0) text.heading(2, "Notes")
    for (const note of spoken) text.block(note.text)
  }
  return text.finished("application/vnd.openxmlformats-officedocument.presentationml.presentation")
}

function paragraphsOf(xml: string, what: string): { text: string; isTitle: boolean }[] {
  const paragraphs: { text: string; isTitle: boolean }[] = []
  let isTitle = false
  let inText = false
  let current = ""
  walkXml(xml, what, {
    open: (element) => {
      if (element.name === "sp") isTitle = false
      else if (element.name === "ph") isTitle = /^(?:title|ctrTitle)$/.test(element.attribute("type") ?? "")
      else if (element.name === "p") current = ""
      else if (element.name === "br") current += "\n"
      else if (element.name === "t") inText = true
    },
    text: (text) => (inText ? void (current += text) : undefined),
    close: (name) => {
      if (name === "t") inText = false
      else if (name === "p" && current.trim() !== "") paragraphs.push({ text: current, isTitle })
    },
  })
  return paragraphs
}
