// Finds many texts in one pass, in each of the forms in which a text gets stored: as it is, escaped, encoded.
import type { OpenClientText } from "../../security/index.ts"

export interface Span {
  start: number
  end: number
}

export interface Needles {
  readonly count: number
  /** Whether one of them is in the text. */
  isIn(text: string): boolean
  /** Where they are, joined where they touch, in order. */
  spans(text: string): Span[]
  /** What stands in a text that is sealed; undefined for any other. */
  opened: OpenClientText
}

export interface NeedleOptions {
  exact?: boolean
  /** Nothing is taken for sealed when absent. */
  opened?: OpenClientText
}

const windowMax = 16

/** Upper and lower case are the same; `exact` compares unit by unit, for bytes read as Latin-1. */
export function createNeedles(texts: Iterable<string>, { exact = false, opened = () => undefined }: NeedleOptions = {}): Needles {
  const fold = exact ? (text: string): string => text : foldCase
  const wanted = [...new Set([...texts].map(fold))].filter((text) => text !== "")
  const width = Math.min(windowMax, ...wanted.map(({ length }) => length))
  const byBeginning = new Map<string, string[]>()
  for (const text of wanted) {
    const beginning = text.slice(0, width)
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), text])
  }
  for (const list of byBeginning.values()) list.sort((a, b) => b.length - a.length)

  const visit = (text: string, found: (span: Span) => boolean): void => {
    if (wanted.length === 0) return
    const folded = fold(text)
    for (let start = 0; start + width <= folded.length; start++) {
      const match = byBeginning.get(folded.slice(start, start + width))?.find((each) => folded.startsWith(each, start))
      if (match !== undefined && found({ start, end: start + match.length })) return
    }
  }
  return {
    count: wanted.length,
    opened,
    isIn: (text) => {
      let isFound = false
      visit(text, () => (isFound = true))
      return isFound
    },
    spans: (text) => {
      const spans: Span[] = []
      visit(text, (span) => {
        const last = spans.at(-1)
        if (last !== undefined && span.start <= last.end) last.end = Math.max(last.end, span.end)
        else spans.push(span)
        return false
      })
      return spans
    },
  }
}

/** Keeps the length, so that places in the folded text are places in the text. */
function foldCase(text: string): string {
  const folded = text.toLowerCase()
  if (folded.length === text.length) return folded
  return Array.from(text, (character) => {
    const lower = character.toLowerCase()
    return lower.length === character.length ? lower : character
  }).join("")
}

/** The forms of a text inside of strings. */
export function textForms(text: string): string[] {
  const forms = new Set<string>()
  for (const plain of [text, text.normalize("NFC"), text.normalize("NFD")]) {
    const once = escaped(plain)
    const ascii = asciiOnly(once)
    const markup = plain.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    for (const form of [plain, once, escaped(once), ascii, escaped(ascii), percentEncoded(plain), markup]) forms.add(form)
    for (const form of base64Forms(Buffer.from(plain))) forms.add(form)
  }
  return [...forms]
}

/** The forms of a text inside of bytes, as Latin-1 strings. */
export function byteForms(text: string): string[] {
  const forms = new Set<string>()
  for (const form of textForms(text)) forms.add(Buffer.from(form).toString("latin1"))
  const utf16 = Buffer.from(text, "utf16le")
  for (const bytes of [utf16, Buffer.from(utf16).swap16()]) {
    forms.add(bytes.toString("latin1"))
    for (const form of base64Forms(bytes)) forms.add(form)
  }
  return [...forms]
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function asciiOnly(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

const base64CharsMin = 12

/** What base64 of anything around the bytes contains, for each of the three ways in which they can be aligned. */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = []
  for (let before = 0; before < 3; before++) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const whole = padded.subarray(0, padded.length - (padded.length % 3))
    // The first characters depend on what stands before.
    const form = whole.toString("base64").slice([0, 2, 3][before])
    if (form.length >= base64CharsMin) forms.push(form, form.replaceAll("+", "-").replaceAll("/", "_"))
  }
  return forms
}
