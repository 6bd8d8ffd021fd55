// A stored file as a whole, for a message that names it: only as large as its caller takes.
import { AppError } from "../core/index.ts"
import type { Files } from "./files.ts"
import type { ActingCaller } from "./owners.ts"

export interface Attachment {
  filename: string
  /** As its first bytes prove it; null for text and unknown bytes. */
  mediaType: string | null
  data: Buffer
}

/** Throws `not_found`, and `file_too_large` before anything is read of a file with more than `bytesMax` bytes. */
export async function readAttachment(
  { content }: Pick<Files, "content">,
  caller: ActingCaller,
  id: string,
  bytesMax: number,
): Promise<Attachment> {
  const { file, parts } = await content(caller, id)
  if (file.bytes > bytesMax) {
    throw new AppError("file_too_large", `The file '${id}' has ${file.bytes} bytes; for all files of a request ${bytesMax} are left.`, {
      param: "file_id",
      hint: "Put it into a vector store and use the file_search tool, or raise limits.attachedBytesMax in perdure.yaml.",
    })
  }
  const pieces: Uint8Array[] = []
  for await (const piece of parts) pieces.push(piece)
  return { filename: file.filename, mediaType: file.mediaType, data: Buffer.concat(pieces) }
}
