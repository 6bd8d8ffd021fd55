// What a dialect that clients speak must be able to do: read a request, pass an upstream's frames on, render model events, end well or badly.
import type { IncomingHttpHeaders } from "node:http"
import type { CompactedMessages } from "../../agents/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { Deployment, Dialect, ModelCall, ModelEvent, ModelUsage, RenderedPrompt, UpstreamError } from "../../inference/index.ts"
import type { DialectMemory } from "../memory/dialect-memory.ts"
import type { BodyBytes } from "./body-bytes.ts"
import type { AnswerTexts } from "./frame-filter.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import type { FilesIn } from "./stored-files.ts"
import type { WireShape } from "./wire-shape.ts"

export interface ClientDialect extends WireShape {
  /** Upstreams that speak it are passed its bytes. */
  readonly name: Dialect
  /** What is asked in it. */
  readonly kind: "chat" | "messages" | "completions"
  /** The name of a run: `chat.completions`. */
  readonly operation: string
  /** Below the base URL of such an upstream. */
  readonly path: string
  /** Headers of the client that go to an upstream of the same dialect. */
  passedHeaders?(headers: IncomingHttpHeaders): Record<string, string>
  /**
   * Answers that are made here name the model that was asked for, not the one that its provider told: Anthropic's clients take an answer of
   * another name for another model's, and do not send its thoughts back.
   */
  readonly namesAsked?: true
  /** Ends a stream that succeeded; empty where a frame of the stream itself does. */
  readonly doneFrame: string
  /** The digits' prefix of answers that are made here. */
  readonly idPrefix: string
  /** Where a request names files by their ids. */
  readonly filesIn: FilesIn
  readBody(bytes: BodyBytes): ForwardedBody
  /**
   * How a deployment of this dialect is asked: with the client's bytes where absent or undefined, with another body where it would
   * refuse or misread these, or translated where it is not called in this dialect after all. `refusal`: it has refused the bytes.
   */
  passing?(body: ForwardedBody, deployment: Deployment, refusal?: UpstreamError): Buffer | "translated" | undefined
  /** The whole request as a model call; wrong ones are refused with the parameter's path. */
  parse(body: JsonObject, options?: ParseOptions): ModelCall
  /** Whether the conversation is to be compacted before it is answered, where that is done here. */
  compaction?(body: JsonObject, deployment: Deployment): WantedCompaction | undefined
  /** The whole answer of a call that pauses once its conversation is compacted: frames of a stream, or one JSON object. */
  paused?(options: RenderOptions, stream: boolean): Buffer[]
  /** The body with a prompt filled in. */
  withPrompt(body: JsonObject, prompt: RenderedPrompt): JsonObject
  openFrames(options: FramesOptions): Frames
  /** Who a passed stream says that it is, in its first frame. */
  identityOf(frame: Buffer): Pick<RenderOptions, "id" | "createdAt" | "model"> | undefined
  /** Nothing can be added to what was said before this frame. */
  closesBlock(frame: Buffer): boolean
  /** A `usage` object of this dialect. */
  readonly usageOf: (usage: JsonValue | undefined) => ModelUsage | undefined
  /** What of such an answer is charged for, where only the request or the rest of the answer tells. */
  charged?(usage: ModelUsage, request: ForwardedBody, answer?: Buffer): ModelUsage
  /** A function from each event to its frames. */
  chunks(options: RenderOptions): (event: ModelEvent) => string[]
  readonly texts: AnswerTexts
  /** Absent where there is no conversation to remember. */
  readonly memory?: DialectMemory
  /** All events of one call as the JSON answer. */
  whole(options: RenderOptions, events: readonly ModelEvent[]): JsonValue
}

export interface RenderOptions {
  id: string
  /** Epoch milliseconds. */
  createdAt: number
  model: string
  usageAsked: boolean
  /** What was taken out of the messages before they were sent; undefined where nothing was asked for. */
  contextEdits?: ModelCall["contextEdits"]
  /** What came before was compacted to this. */
  compaction?: CompactedMessages
}

export interface ParseOptions {
  /** The model may read again what context editing clears. */
  recalls: boolean
}

export interface WantedCompaction {
  /** What is summarised. */
  call: ModelCall
  instructions: string | undefined
  pauses: boolean
  /** What is asked behind the summary. */
  behind(summary: string): JsonObject
}

export interface FramesOptions {
  deployment: Deployment
  usageAsked: boolean
  /** Frames in order, without the final mark of streams that have one. `content` is false for frames that only open the answer. */
  onFrame: (frame: Buffer, content: boolean) => void
}

/** `feed` the bytes, then `end`; a failure is thrown. After `done` nothing more is taken. */
export interface Frames {
  feed(chunk: Buffer): void
  /** The transport has ended; without the terminal mark that is a failure, however cleanly it closed. */
  end(): void
  readonly done: boolean
  /** A broken connection has lost nothing any more. */
  readonly complete: boolean
  readonly usage: ModelUsage | undefined
}
