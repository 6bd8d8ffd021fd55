// The texts in transcripts: of JSON with its segments and words, of subtitles, of a stream's events.
import { isJsonObject, sseData, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AnswerTexts, Frame, FrameFilter, OpenText } from "../light/frame-filter.ts"
import { inOrder, later, TextChannels, type MaybeLater } from "../light/text-channels.ts"

type Visit = (text: string, about: { json: boolean }) => string
const plain = { json: false }

export const transcriptTexts: AnswerTexts = { map: mapTranscript, openFilter: (open) => new TranscriptFilter(open) }

/**
 * Segments, words and probabilities say the text again in pieces. Where guards change it, the pieces that cannot be told to say the same are
 * left out: a number that was taken out of the text may be spread over two segments, and over many words.
 */
function mapTranscript(answer: JsonObject, visit: Visit): JsonValue {
  const { text, segments } = answer
  if (typeof text !== "string") return answer
  const said = visit(text, plain)
  const parts = listOf(segments)
  const changed = parts.map((part) => (isJsonObject(part) && typeof part["text"] === "string" ? visit(part["text"], plain) : undefined))
  if (said === text && changed.every((each, at) => each === undefined || each === textIn(parts[at]))) return answer
  const { words: _words, logprobs: _logprobs, ...rest } = answer
  const kept = sayTheSame(changed, said)
    ? parts.map((part, at) => (isJsonObject(part) ? withoutTokens({ ...part, text: changed[at] ?? null }) : part))
    : []
  return { ...rest, text: said, ...(segments === undefined ? {} : { segments: kept }) }
}

function withoutTokens(segment: JsonObject): JsonObject {
  return "tokens" in segment ? { ...segment, tokens: [] } : segment
}

function textIn(part: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(part) ? part["text"] : undefined
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function sayTheSame(parts: readonly (string | undefined)[], whole: string): boolean {
  return parts.join("").replaceAll(/\s/g, "") === whole.replaceAll(/\s/g, "")
}

interface Cue {
  /** Its name and its times, with the line break after them. */
  head: string
  from: string
  until: string
  text: string
}

const times = /^(\S+) --> (\S+)/m

/** A transcript that is no JSON: one text, or subtitles, whose times are nobody's words. Cues are made one where what was changed spans them. */
export function passText(text: string, pass: (text: string) => MaybeLater<string>): MaybeLater<string> {
  if (!times.test(text)) return pass(text)
  const blocks = text.replaceAll("\r\n", "\n").split(/\n{2,}/)
  const cues = blocks.map(cueOf)
  const words = cues.flatMap((cue) => (cue ? [cue.text] : []))
  // Nothing that is looked for needs a line of its own, and much of it may be spread over two.
  const joined = words.join(" ").replaceAll("\n", " ")
  return later(pass(joined), (said) => {
    if (said === joined) return text
    return later(inOrder(words, pass), (each) => {
      if (!sayTheSame(each, said)) return [...blocks.filter((_, at) => cues[at] === undefined), oneCue(cues, said)].join("\n\n").trimStart()
      let at = 0
      return blocks.map((block, index) => (cues[index] ? cues[index].head + (each[at++] ?? "") : block)).join("\n\n")
    })
  })
}

function cueOf(block: string): Cue | undefined {
  const found = times.exec(block)
  if (!found) return undefined
  const end = block.indexOf("\n", found.index)
  if (end < 0) return undefined
  const [, from = "", until = ""] = found
  return { head: block.slice(0, end + 1), from, until, text: block.slice(end + 1) }
}

function oneCue(cues: readonly (Cue | undefined)[], text: string): string {
  const all = cues.filter((cue) => cue !== undefined)
  const [first] = all
  const number = first && !first.head.startsWith(first.from) ? "1\n" : ""
  return `${number}${first?.from ?? ""} --> ${all.at(-1)?.until ?? ""}\n${text.trimEnd()}\n`
}

/** `transcript.text.delta` … `transcript.text.done`; of each speaker's segment a text of its own. */
class TranscriptFilter implements FrameFilter {
  readonly #open: OpenText
  readonly #channels: TextChannels
  letOut = false
  /** All that was let out of the deltas. */
  #said = ""
  #last: JsonObject = { type: "transcript.text.delta" }

  constructor(open: OpenText) {
    this.#open = open
    this.#channels = new TextChannels(open)
  }

  take(frame: Frame): MaybeLater<readonly Frame[]> {
    const event = parsed(frame)
    const type = event?.["type"]
    if (!event || typeof type !== "string" || !type.startsWith("transcript.text.")) return [frame]
    const { logprobs: _, ...told } = event
    if (type === "transcript.text.delta") return this.#delta(told)
    if (type === "transcript.text.segment") return this.#segment(told)
    if (type === "transcript.text.done") return this.#done(told)
    return [frame]
  }

  end(): MaybeLater<readonly Frame[]> {
    return later(
      inOrder(this.#channels.names(""), (name) => later(this.#channels.end(name), (rest) => this.#frames(rest))),
      (all) => all.flat(),
    )
  }

  #delta(event: JsonObject): MaybeLater<readonly Frame[]> {
    const { delta } = event
    if (typeof delta !== "string") return [sseData(event)]
    this.#last = event
    return later(this.#channels.push(nameOf(event["segment_id"]), delta, false), (text) => this.#frames(text))
  }

  #frames(text: string): Frame[] {
    if (text === "") return []
    this.letOut = true
    this.#said += text
    return [sseData({ ...this.#last, delta: text })]
  }

  #segment(event: JsonObject): MaybeLater<readonly Frame[]> {
    const before = later(this.#channels.end(nameOf(event["id"])), (rest) => this.#frames(rest))
    return later(before, (frames) =>
      later(this.#whole(event["text"]), (text) => {
        this.letOut = true
        return [...frames, sseData({ ...event, text })]
      }),
    )
  }

  /** A stream without deltas says it all here. */
  #done(event: JsonObject): MaybeLater<readonly Frame[]> {
    return later(this.end(), (frames) =>
      later(this.#said === "" ? this.#whole(event["text"]) : this.#said, (text) => {
        this.letOut = true
        return [...frames, sseData({ ...event, text })]
      }),
    )
  }

  #whole(text: JsonValue | undefined): MaybeLater<JsonValue> {
    if (typeof text !== "string") return text ?? null
    const way = this.#open(plain)
    return way ? later(way.push(text), (before) => later(way.end(), (rest) => before + rest)) : text
  }
}

function nameOf(id: JsonValue | undefined): string {
  return typeof id === "string" ? id : ""
}

function parsed(frame: Frame): JsonObject | undefined {
  const text = frame.toString()
  try {
    const event: unknown = JSON.parse(text.slice(text.indexOf(":") + 1))
    return isJsonObject(event) ? event : undefined
  } catch {
    return undefined // `[DONE]`, a comment
  }
}
