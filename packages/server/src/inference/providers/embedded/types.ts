// What a model that is called in this process offers to inference: its deployment, and the functions behind it.
import type { Deployment, Embed, ModelCall, ModelEvent } from "../../types.ts"
import type { ImageCall, ImagesAnswer, SpeechAnswer, SpeechCall, Transcript, TranscriptionCall } from "../media-port.ts"

/** Called as a function instead of over HTTP. */
export interface CallableModel {
  readonly deployment: Deployment
  /** Absent when the deployment does no chat. */
  readonly chat?: (call: ModelCall, signal: AbortSignal) => AsyncIterable<ModelEvent>
  /** Absent when the deployment does no embeddings. */
  readonly embed?: Embed
  /** Absent when the deployment makes no pictures, does not speak, does not write down what is said. */
  readonly images?: (call: ImageCall, signal: AbortSignal) => Promise<ImagesAnswer>
  readonly speak?: (call: SpeechCall, signal: AbortSignal) => Promise<SpeechAnswer>
  readonly transcribe?: (call: TranscriptionCall, signal: AbortSignal) => Promise<Transcript>
  /** Tokens as the model itself counts them; absent where only its provider can. */
  readonly countTokens?: (text: string) => number
}

/** It runs here. */
export interface NativeModel extends CallableModel {
  readonly countTokens: (text: string) => number
}
