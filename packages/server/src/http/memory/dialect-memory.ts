// What memory needs to know of a dialect: what a request says, where what is put in belongs, and what an answer said.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AssembledContext } from "../../agents/index.ts"
import { isFileText } from "../light/file-text.ts"
import type { Frame } from "../light/frame-filter.ts"

/** One thing that was said since the model spoke last. */
export interface SaidTurn {
  role: "user" | "tool"
  text: string
  /** Something that the caller did not write is with it: a picture, a file. */
  attached: boolean
  /** How many messages stand behind its own. */
  behind: number
  /** Which tool told it. */
  tool?: string
}

export interface SaidRequest {
  /** What the user said last. */
  question: string
  turns: readonly SaidTurn[]
  /** All texts that stand before the model. */
  shown: readonly string[]
  /** What the conversation begins with: the same in each of its calls. */
  opening: string
  /** Words of models or tools, or attachments, are among what it hands over. */
  isMixed: boolean
}

export type ContextTexts = Pick<AssembledContext, "instructions" | "standing" | "recalled">

export interface SaidAnswer {
  text: string
  /** It was not cut off, and there is one of it. */
  isWhole: boolean
}

/** Reads the frames of one answer; never throws. */
export interface AnswerGatherer {
  take(frame: Frame): void
  end(): SaidAnswer
}

export interface DialectMemory {
  read(body: JsonObject): SaidRequest
  /** Instructions after the client's own, what stands before the conversation, what was recalled right before what the user said last. */
  withContext(body: JsonObject, context: ContextTexts): JsonObject
  /** A JSON answer. */
  answer(body: JsonObject): SaidAnswer
  openGatherer(): AnswerGatherer
}

/** Of a longer answer the beginning is remembered. */
const gatheredCharactersMax = 64_000

/** Text that comes in pieces, up to a limit. */
export class GatheredText {
  text = ""

  add(piece: JsonValue | undefined): void {
    if (typeof piece === "string" && this.text.length < gatheredCharactersMax) this.text += piece
  }
}

/** The JSON of one frame. */
export function frameData(frame: Frame): JsonObject | undefined {
  const text = frame.toString()
  const at = text.startsWith("data:") ? 0 : text.indexOf("\ndata:") + 1
  try {
    const value: unknown = JSON.parse(text.slice(at + 5))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]).filter(isJsonObject) : []
}

/** A content's texts, and whether there is anything else in it: a stored file is not what its sender says. */
export function contentTexts(
  content: JsonValue | undefined,
  others: ReadonlySet<string> = new Set(),
): { texts: string[]; attached: boolean } {
  if (typeof content === "string") return { texts: [content], attached: false }
  const parts = objectsIn(content)
  const isFile = ({ type, text }: JsonObject): boolean => type === "text" && typeof text === "string" && isFileText(text)
  const texts = parts.flatMap((part) =>
    part["type"] === "text" && typeof part["text"] === "string" && !isFile(part) ? [part["text"]] : [],
  )
  const isAttached = (part: JsonObject): boolean =>
    isFile(part) || (part["type"] !== "text" && !(typeof part["type"] === "string" && others.has(part["type"])))
  return { texts, attached: parts.some(isAttached) }
}
