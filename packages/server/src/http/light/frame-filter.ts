// Changes the frames of a streamed answer on their way to the client, and how the dialects do it: which texts of a frame pass through what.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { AnswerText } from "../../security/index.ts"

export type Frame = Buffer | string

/** A promise where something must be waited for; frames are given one after another. What is thrown ends the answer. */
export interface FrameFilter {
  take(frame: Frame): readonly Frame[] | Promise<readonly Frame[]>
  /** Something of the answer itself was let out, beside the frames that only open it: from then on frames go out as they come. */
  readonly letOut: boolean
  /** What was held back; the answer is complete, or `isCut`: then what is undecided without the rest of it is dropped. */
  end(isCut?: boolean): readonly Frame[] | Promise<readonly Frame[]>
}

/** One for each text of an answer. `json`: the text is JSON, as the arguments of tool calls are. Undefined where nothing is to be done. */
export type OpenText = (about: { json: boolean }) => AnswerText | undefined

/** What a dialect knows of the texts of its answers. */
export interface AnswerTexts {
  /** Visits every text of a JSON answer, in order; gives the answer with what was given instead. */
  map(answer: JsonObject, visit: (text: string, about: { json: boolean }) => string): JsonValue
  openFilter(open: OpenText): FrameFilter
}
