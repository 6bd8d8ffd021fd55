// What a model that runs in this process offers to inference: its deployment, and the functions behind it.
import type { Deployment, Embed, ModelCall, ModelEvent } from "../../types.ts"

export interface NativeModel {
  readonly deployment: Deployment
  /** Absent when the deployment does no chat. */
  readonly chat?: (call: ModelCall, signal: AbortSignal) => AsyncIterable<ModelEvent>
  /** Absent when the deployment does no embeddings. */
  readonly embed?: Embed
  /** Tokens as the model itself counts them. */
  readonly countTokens: (text: string) => number
}
