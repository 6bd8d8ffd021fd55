// Custom tools take free text. In a model call each is a function of one text, which every model can be offered; dialects that know them get them back as they were.
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { ModelTool } from "./message-types.ts"

export interface CustomTool {
  readonly name: string
  readonly description: string | null
  /** `{type: "text"}`, or `{type: "grammar", syntax, definition}`; null is text. */
  readonly format: JsonObject | null
}

export function customTool({ name, description, format }: CustomTool): ModelTool {
  return { name, description: described(description, format), parameters: customParameters, strict: null, custom: { description, format } }
}

const customParameters: JsonValue = {
  type: "object",
  properties: { input: { type: "string", description: "The whole input of the tool, as plain text." } },
  required: ["input"],
  additionalProperties: false,
}

/** What the format would have enforced is asked for in words. */
function described(description: string | null, format: JsonObject | null): string {
  const said = description ?? ""
  if (format?.["type"] !== "grammar") return said
  const { syntax, definition } = format
  const rule = syntax === "regex" ? "must match this regular expression" : `must follow this grammar (${syntax as string})`
  return `${said === "" ? "" : `${said}\n\n`}The text in "input" ${rule}:\n${definition as string}`
}

export function wrappedInput(text: string): string {
  return JSON.stringify({ input: text })
}

/** The arguments of a call of a custom tool, as the text that its client wants. */
export function unwrappedInput(json: string): string {
  const input = new CustomInput()
  return input.take(json) + input.end()
}

/** Wraps a text that comes in pieces; the pieces add up to what `wrappedInput` gives. */
export const wrapping = {
  begin: '{"input":"',
  piece: (text: string): string => JSON.stringify(text).slice(1, -1),
  end: '"}',
}

type State = "before" | "inside" | "after"

/**
 * Takes the text out of arguments that come in pieces: `take` gives what is known of it, `end` the rest. A model that did not write
 * `{"input": "…"}` has its words taken as they are at the end.
 */
export class CustomInput {
  #state: State = "before"
  #waiting = ""

  take(piece: string): string {
    if (this.#state === "after") return ""
    this.#waiting += piece
    if (this.#state === "before") {
      const opening = /^\s*\{\s*"input"\s*:\s*"/.exec(this.#waiting)
      if (!opening) return ""
      this.#waiting = this.#waiting.slice(opening[0].length)
      this.#state = "inside"
    }
    return this.#read()
  }

  end(): string {
    const rest = this.#waiting
    this.#waiting = ""
    const isWhole = this.#state === "before"
    this.#state = "after"
    return isWhole ? textOf(rest) : ""
  }

  #read(): string {
    const { text, rest, isClosed } = readString(this.#waiting)
    this.#waiting = isClosed ? "" : rest
    if (isClosed) this.#state = "after"
    return text
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }

/** The inside of a JSON string up to its end, or up to an escape of which a part is missing. Line breaks that should have been escaped are let pass. */
function readString(json: string): { text: string; rest: string; isClosed: boolean } {
  let text = ""
  let from = 0
  for (;;) {
    const at = nextMark(json, from)
    text += json.slice(from, at)
    if (at === json.length) return { text, rest: "", isClosed: false }
    if (json[at] === '"') return { text, rest: "", isClosed: true }
    const escaped = json[at + 1]
    const size = escaped === "u" ? 6 : 2
    if (at + size > json.length) return { text, rest: json.slice(at), isClosed: false }
    const code = escaped === "u" ? json.slice(at + 2, at + 6) : ""
    if (escaped === "u") text += /^[0-9a-f]{4}$/i.test(code) ? String.fromCharCode(Number.parseInt(code, 16)) : `\\u${code}`
    else text += escapes[escaped ?? ""] ?? escaped ?? ""
    from = at + size
  }
}

/** Of the next quote or backslash; the length when there is none. */
function nextMark(json: string, from: number): number {
  for (let at = from; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (code === 0x22 || code === 0x5c) return at
  }
  return json.length
}

/** Of arguments in another form: the one text in them, else the words themselves. */
function textOf(json: string): string {
  if (json.trim() === "") return ""
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === "string") return value
    if (typeof value !== "object" || value === null) return json
    const texts = Object.values(value).filter((each) => typeof each === "string")
    const { input } = value as { input?: unknown }
    if (typeof input === "string") return input
    if (Object.keys(value).length === 0) return ""
    return texts.length === 1 && texts[0] !== undefined ? texts[0] : json
  } catch {
    return json // not JSON at all: the words of the tool's language
  }
}
