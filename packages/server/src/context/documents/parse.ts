// Parses one file: recognises it by its bytes and hands it to the parser of its kind. Runs in the worker thread.
import { parseHtml } from "./html.ts"
import { parseMarkdown } from "./markdown.ts"
import { parsePlain } from "./plain.ts"
import { recognise } from "./sniff.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

export async function parseDocument(bytes: Uint8Array, filename: string, { charactersMax }: ParseLimits): Promise<ParsedDocument> {
  const { kind, text } = await recognise(bytes, filename)
  if (text.length > charactersMax) {
    throw new DocumentError(
      "invalid_file",
      `The file '${filename}' has ${text.length} characters; fileCharactersMax is ${charactersMax}. Split it.`,
    )
  }
  const document = parsed(kind, text, filename)
  if (document.blocks.length === 0) throw new DocumentError("invalid_file", `The file '${filename}' has no text that a reader would see.`)
  return document
}

function parsed(kind: "markdown" | "html" | "text", text: string, filename: string): ParsedDocument {
  try {
    if (kind === "markdown") return parseMarkdown(text)
    return kind === "html" ? parseHtml(text) : parsePlain(text)
  } catch (error) {
    if (error instanceof RangeError) throw new DocumentError("invalid_file", `The file '${filename}' is nested too deeply to be parsed.`)
    throw error
  }
}
