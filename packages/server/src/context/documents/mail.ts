// Mail: a message (EML) or a mailbox of them (mbox), each under its subject with who wrote it to whom, its text, and the names of what is attached.
import PostalMime, { type Address, type Email } from "postal-mime"
import { ExtractedText } from "./extracted.ts"
import { parseHtml } from "./html.ts"
import { DocumentError, type ParsedDocument, type ParseLimits } from "./types.ts"

export type MailKind = "message" | "mailbox"

const nestingMax = 32
const headerBytesMax = 256 * 1024
const attachmentsListedMax = 100
/** Of a mailbox each message begins so. */
const messageStart = /^From \S+ .*\d{4}\s*$/
const headerStart = /^(?:Return-Path|Delivered-To|Received|MIME-Version|Message-ID|X-[\w-]+|DKIM-Signature|Date|From|To|Subject):[ \t]/i

/** By its name; a mailbox also by its first line, a message by headers that only mail has. */
export function mailKindOf(bytes: Uint8Array, filename: string): MailKind | undefined {
  const extension = /\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase()
  const start = Buffer.from(bytes.subarray(0, 4_096)).toString("latin1")
  const [first = "", second = ""] = start.split(/\r?\n/)
  if (messageStart.test(first) && headerStart.test(second)) return "mailbox"
  if (extension === "eml") return "message"
  const looksLikeMail = headerStart.test(first) && /^(?:Message-ID|Received):/im.test(start) && /^From:/im.test(start)
  return looksLikeMail && extension !== "md" && extension !== "html" ? "message" : undefined
}

export async function parseMail(bytes: Uint8Array, filename: string, kind: MailKind, limits: ParseLimits): Promise<ParsedDocument> {
  const out = new ExtractedText(limits)
  if (kind === "message") {
    await addMessage(out, bytes, `The file '${filename}'`, limits)
    return out.finished("message/rfc822")
  }
  let count = 0
  for (const message of messagesOf(bytes)) {
    count += 1
    if (count > limits.pagesMax)
      throw new DocumentError("invalid_file", `The file '${filename}' has more than ${limits.pagesMax} messages (filePagesMax). Split it.`)
    out.page(count)
    await addMessage(out, message, `Message ${count} of '${filename}'`, limits)
  }
  return out.finished("application/mbox")
}

/** Without the line that begins each; `>From ` within one is what its writer wrote as `From `. */
function* messagesOf(bytes: Uint8Array): Generator<Uint8Array> {
  // Bytes and characters are one to one here, whatever they mean.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
  let from = text.indexOf("\n") + 1
  for (let at = from; at > 0;) {
    const next = text.indexOf("\nFrom ", at - 1)
    const isEnd = next === -1
    const line = isEnd ? "" : text.slice(next + 1, text.indexOf("\n", next + 1) === -1 ? text.length : text.indexOf("\n", next + 1))
    if (!isEnd && !messageStart.test(line.trimEnd())) {
      at = next + 2
      continue
    }
    yield Buffer.from(text.slice(from, isEnd ? text.length : next + 1).replaceAll(/^>(>*From )/gm, "$1"), "latin1")
    if (isEnd) return
    from = text.indexOf("\n", next + 1) + 1
    at = from
    if (from === 0) return
  }
}

async function addMessage(out: ExtractedText, bytes: Uint8Array, what: string, limits: ParseLimits): Promise<void> {
  const mail = await read(bytes, what)
  out.heading(1, mail.subject?.trim() || "(no subject)")
  out.block(envelopeOf(mail), { kind: "lines" })
  for (const paragraph of bodyOf(mail, what, limits)) out.block(paragraph)
  const files = attachmentsOf(mail)
  if (files !== "") out.block(`Attachments: ${files}`, { kind: "lines" })
}

async function read(bytes: Uint8Array, what: string): Promise<Email> {
  try {
    return await PostalMime.parse(bytes, { maxNestingDepth: nestingMax, maxHeadersSize: headerBytesMax })
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : "unknown"
    throw new DocumentError("invalid_file", `${what} is no mail that can be read: ${reason}.`)
  }
}

function envelopeOf({ from, to, cc, date }: Email): string {
  const lines = [
    ["From", addresses(from === undefined ? [] : [from])],
    ["To", addresses(to ?? [])],
    ["Cc", addresses(cc ?? [])],
    ["Date", date ?? ""],
  ]
  return lines.flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`])).join("\n")
}

function addresses(list: readonly Address[]): string {
  return list
    .flatMap((each) => (each.group === undefined ? [each] : each.group))
    .slice(0, attachmentsListedMax)
    .map(({ name, address }) => (name === "" || name === undefined ? (address ?? "") : `${name} <${address ?? ""}>`))
    .join(", ")
}

/** The text that its writer sent as such, else that of its page. */
function bodyOf({ text, html }: Email, what: string, { charactersMax }: ParseLimits): string[] {
  const characters = (text ?? html ?? "").length
  if (characters > charactersMax)
    throw new DocumentError("invalid_file", `${what} has ${characters} characters; fileCharactersMax is ${charactersMax}.`)
  if (text !== undefined && text.trim() !== "") return text.replaceAll("\r\n", "\n").split(/\n[ \t]*\n/)
  if (html === undefined) return []
  const page = parseHtml(html)
  return page.blocks.map(({ start, end }) => page.text.slice(start, end))
}

function attachmentsOf({ attachments }: Email): string {
  const listed = attachments.slice(0, attachmentsListedMax).map(({ filename, mimeType, content }) => {
    const bytes = typeof content === "string" ? content.length : content.byteLength
    return `${filename ?? "(without a name)"} (${mimeType}, ${bytes} bytes)`
  })
  const more = attachments.length - listed.length
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join("; ")
}
