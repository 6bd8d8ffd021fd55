// The guards of one realtime session: what its client says in words goes to the provider as they leave it, and what is said in words comes back so.
import { AppError, isJsonObject, type JsonObject, type JsonValue, type Limits } from "../../core/index.ts"
import type { AnswerText, GuardReport, GuardSession } from "../../security/index.ts"
import { inOrder, later, type MaybeLater } from "../light/text-channels.ts"
import { HeldSound, isSound, withoutTranscript } from "./held-sound.ts"
import { mapEvent, mapPart, placeOf, requestTexts, withRequestTexts, wordyRequests } from "./guarded-texts.ts"

export type Frame = Buffer | string

export interface GuardedSessionOptions {
  readonly session: GuardSession
  readonly limits: Pick<Limits, "realtimeGuardedTextsMax" | "realtimeHeldSoundBytesMax">
}

/** A text of the answer that is under way. */
interface Channel {
  readonly way: AnswerText | undefined
  readonly owner: string | undefined
  /** The last delta: what was held back goes out in a copy of it. */
  last: JsonObject
  said: string
}

export class GuardedSession {
  readonly #session: GuardSession
  readonly #textsMax: number
  readonly #open = new Map<string, Channel>()
  /** Texts that are complete, as they were let out: they are told again with their part, their item and their response. */
  readonly #done = new Map<string, string>()
  /** Answers, and items that are transcribed, of which nothing more is passed. */
  readonly #cut = new Set<string>()
  /** Undefined where sound need not wait: no guard can block what is said. */
  readonly #sound: HeldSound | undefined

  constructor({ session, limits }: GuardedSessionOptions) {
    this.#session = session
    this.#textsMax = limits.realtimeGuardedTextsMax
    if (session.mayBlockAnswer) this.#sound = new HeldSound(limits.realtimeHeldSoundBytesMax)
  }

  get reports(): readonly GuardReport[] {
    return this.#session.reports
  }

  /** What goes to the provider in place of a client's frame. Throws what the client is told, or rejects with it. */
  asked(frame: Frame): MaybeLater<Frame> {
    if (!this.#session.checksRequest) return frame
    const event = eventIn(frame, (text) => wordyRequests.some((type) => text.includes(type)))
    if (!event || !wordyRequests.includes(textOf(event["type"]))) return frame
    const texts = requestTexts(event)
    if (texts.length === 0) return frame
    return later(this.#session.before(texts), ({ texts: clean, model }) => {
      if (model !== undefined) throw cannotRoute(model)
      return clean === texts ? frame : JSON.stringify(withRequestTexts(event, clean))
    })
  }

  /** What the client gets of a provider's frame. Throws or rejects with `content_blocked`; the answer is to be ended then. */
  answered(frame: Frame): MaybeLater<readonly Frame[]> {
    if (!this.#session.checksAnswer) return [frame]
    const sound = this.#sound && eventIn(frame, isSound)
    if (sound) return this.#heard(sound, frame)
    const event = eventIn(frame, isWordy)
    if (!event) return this.#cut.size > 0 && this.#isCut(eventIn(frame, () => true)) ? [] : [frame]
    const type = textOf(event["type"])
    if (this.#isCut(event)) {
      if (isTranscribed(type)) this.#cut.delete(textOf(event["item_id"]))
      return []
    }
    if (type.endsWith(".delta")) return this.#delta(type, event)
    if (type.endsWith(".done") || isTranscribed(type)) return this.#ended(type, event, frame)
    return this.#whole(event, frame)
  }

  /** Nothing more is passed of what that frame belongs to, but that it is over. Gives the id of the answer, where it is one. */
  cut(frame: Frame): string | undefined {
    const event = eventIn(frame, () => true)
    const id = event && ownerOf(event)
    if (id === undefined || event?.["type"] === "response.done") return undefined
    this.#cut.add(id)
    this.#sound?.drop(id)
    for (const [place, channel] of this.#open) if (channel.owner === id) this.#open.delete(place)
    return event?.["response_id"] === id ? id : undefined
  }

  /** Sound of a part whose transcript is complete and has passed goes on, any other waits for it. */
  #heard(event: JsonObject, frame: Frame): readonly Frame[] {
    if (this.#isCut(event)) return []
    const place = placeIn(event, false)
    if (this.#done.has(place)) return [frame]
    this.#sound?.hold(place, ownerOf(event), frame)
    return []
  }

  #isCut(event: JsonObject | undefined): boolean {
    const id = event && ownerOf(event)
    return id !== undefined && this.#cut.has(id)
  }

  #delta(type: string, given: JsonObject): MaybeLater<readonly Frame[]> {
    const { logprobs: _, ...event } = given
    const { delta } = event
    if (typeof delta !== "string") return [JSON.stringify(event)]
    const json = type.includes("arguments")
    const place = placeIn(event, json)
    const known = this.#open.get(place)
    const channel = known ?? { way: this.#session.answerText({ json, isWhole: false }), owner: ownerOf(event), last: event, said: "" }
    if (!known) this.#open.set(place, channel)
    channel.last = event
    return later(channel.way ? channel.way.push(delta) : delta, (text) => deltaOf(channel, text))
  }

  /** A text is complete: what was held back of it goes out before that is said. */
  #ended(type: string, event: JsonObject, frame: Frame): MaybeLater<readonly Frame[]> {
    const { logprobs: _, ...told } = event
    const name = ["text", "transcript", "arguments"].find((key) => typeof told[key] === "string")
    if (name === undefined) return this.#whole(event, frame)
    const place = placeIn(told, type.includes("arguments"))
    const channel = this.#open.get(place)
    this.#open.delete(place)
    const rest = channel ? later(channel.way?.end() ?? "", (text) => deltaOf(channel, text)) : []
    return later(rest, (frames) =>
      later(channel ? channel.said : this.#passed(textOf(told[name]), name === "arguments"), (text) => {
        this.#keep(place, text)
        return [...frames, ...(this.#sound?.release(place) ?? []), JSON.stringify({ ...told, [name]: text })]
      }),
    )
  }

  /** Items, parts and responses as they stand: each text as it was let out, or past the guards now. */
  #whole(event: JsonObject, frame: Frame): MaybeLater<readonly Frame[]> {
    const response = event["type"] === "response.done" && isJsonObject(event["response"]) ? event["response"] : {}
    const responseId = typeof response["id"] === "string" ? response["id"] : undefined
    const isCut = responseId !== undefined && this.#cut.delete(responseId)
    for (const [place, channel] of this.#open) if (channel.owner === responseId) this.#open.delete(place)
    if (isCut) return [JSON.stringify(withoutOutput(event))]
    // It was interrupted: what has not been heard by now is not to be.
    if (responseId !== undefined && response["status"] !== "completed") this.#sound?.drop(responseId)
    const found: { text: string; json: boolean; place: string }[] = []
    mapShown(event, (text, json, place) => {
      found.push({ text, json, place })
      return text
    })
    const passed = inOrder(found, ({ text, json, place }) => this.#done.get(place) ?? this.#passed(text, json))
    return later(passed, (all) => {
      const sound = found.flatMap(({ place }) => this.#sound?.release(place) ?? [])
      if (responseId !== undefined && this.#sound?.drop(responseId) === true) throw withoutTranscript(responseId)
      if (all.every((text, at) => text === found[at]?.text)) return [...sound, frame]
      let at = 0
      return [...sound, JSON.stringify(mapShown(event, (text) => all[at++] ?? text))]
    })
  }

  #passed(text: string, json: boolean): MaybeLater<string> {
    const way = this.#session.answerText({ json, isWhole: true })
    return way ? later(way.push(text), (before) => later(way.end(), (rest) => before + rest)) : text
  }

  /** Those that were complete longest ago are looked at anew if they are told again. */
  #keep(place: string, text: string): void {
    this.#done.delete(place)
    this.#done.set(place, text)
    for (const oldest of this.#done.keys()) {
      if (this.#done.size <= this.#textsMax) break
      this.#done.delete(oldest)
    }
  }
}

function deltaOf(channel: Channel, text: string): Frame[] {
  if (text === "") return []
  channel.said += text
  return [JSON.stringify({ ...channel.last, delta: text })]
}

/** Words of a delta or a whole text, of what names them: never sound. */
function isWordy(text: string): boolean {
  return /"(?:text|transcript|arguments|instructions|output)"|(?:text|transcript|transcription|arguments)\.delta"/.test(text)
}

function eventIn(frame: Frame, isWorthIt: (text: string) => boolean): JsonObject | undefined {
  const text = frame.toString()
  if (!isWorthIt(text)) return undefined
  try {
    const event: unknown = JSON.parse(text)
    return isJsonObject(event) ? event : undefined
  } catch {
    return undefined // passed on as it is; the other end decides
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

/** What a frame is a piece of: an answer, else an item. */
function ownerOf({ response_id: response, item_id: item }: JsonObject): string | undefined {
  const id = response ?? item
  return typeof id === "string" ? id : undefined
}

/** What a client said is complete in words. */
function isTranscribed(type: string): boolean {
  return type.endsWith("input_audio_transcription.completed")
}

function placeIn({ item_id: item, content_index: index }: JsonObject, json: boolean): string {
  return placeOf(item, json ? "arguments" : typeof index === "number" ? index : 0)
}

/** `instructions` are the client's own, as the provider has them. */
function mapShown(event: JsonObject, visit: (text: string, json: boolean, place: string) => string): JsonObject {
  const { part, item_id: item, content_index: index, id, text } = event
  const mapped: JsonObject = mapEvent(event, (text, { json, place }) => (place === "instructions" ? text : visit(text, json, place)))
  // A segment of what was transcribed.
  if (typeof text === "string") return { ...mapped, text: visit(text, false, placeOf(item, `segment ${textOf(id)}`)) }
  if (part === undefined) return mapped
  const place = placeOf(item, typeof index === "number" ? index : 0)
  return { ...mapped, part: mapPart(part, (text) => visit(text, false, place)) }
}

function withoutOutput(event: JsonObject): JsonObject {
  const response: JsonValue | undefined = event["response"]
  return isJsonObject(response) ? { ...event, response: { ...response, status: "cancelled", output: [] } } : event
}

function cannotRoute(model: string): AppError {
  return new AppError("content_blocked", `a guard wants this to go to the model "${model}", which a session that is open cannot do`, {
    hint: "Open a session with that model.",
  })
}
