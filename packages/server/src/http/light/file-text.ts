// How a stored text file stands in a message as a text: in a frame that tells it from what the message's author says.
import { isUtf8 } from "node:buffer"
import type { AttachedFile } from "../../agents/index.ts"

/** Undefined for anything but text. */
export function plainText({ mediaType, data }: AttachedFile): string | undefined {
  return mediaType === null && isUtf8(data) ? data.toString() : undefined
}

export function fileText(fileId: string, filename: string, text: string): string {
  return `${opening}${fileId}" name=${JSON.stringify(filename)}>\n${text}\n</stored_file>`
}

/** Whoever writes the frame himself is believed less for it, never more. */
export function isFileText(text: string): boolean {
  return text.startsWith(opening)
}

const opening = '<stored_file id="'
