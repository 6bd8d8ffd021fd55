// Pictures: their text where what recognises it is installed; one that is too large to be decoded is refused by its head.
import { messageOf } from "../../core/index.ts"
import { ExtractedText } from "./extracted.ts"
import { ocrCommand, openPictureReader, picturePixelsMax, type LookFrom } from "./ocr.ts"
import { pictureSize } from "./picture-size.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

export const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/bmp", "image/webp", "image/gif"])

/** `from` is for tests: where what recognises text is looked for. */
export async function parseImage(
  bytes: Uint8Array,
  filename: string,
  mediaType: string,
  limits: ParseLimits,
  from?: LookFrom,
): Promise<ParsedDocument> {
  const size = pictureSize(bytes, mediaType)
  if (size !== undefined && size.width * size.height > picturePixelsMax) {
    throw new DocumentError(
      "invalid_file",
      `The picture '${filename}' has ${size.width} × ${size.height} pixels; at most ${picturePixelsMax} are read. Make it smaller.`,
    )
  }
  const broken = (error: unknown): DocumentError =>
    new DocumentError("invalid_file", `The text of the picture '${filename}' cannot be recognised: ${messageOf(error).slice(0, 200)}.`)
  const reader = await openPictureReader(from).catch((error: unknown) => {
    throw broken(error)
  })
  if (reader === undefined) {
    throw new DocumentError(
      "unsupported_file",
      `The file '${filename}' is ${mediaType} by its content. To read the text of pictures, install in the application's folder: ${ocrCommand}`,
    )
  }
  await using opened = reader
  const text = new ExtractedText(limits)
  const paragraphs = await opened.paragraphs(bytes).catch((error: unknown) => {
    throw broken(error)
  })
  for (const paragraph of paragraphs) text.block(paragraph)
  return text.finished(mediaType)
}
