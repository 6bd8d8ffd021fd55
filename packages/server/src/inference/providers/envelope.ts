// What a cloud that serves another's models puts around a request in the dialect of those models; everything inside stays as it came.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { ParameterChanges, TopLevel } from "../parameters/index.ts"
import type { Deployment } from "../types.ts"

/** What the client said in headers. */
export interface EnvelopeWishes {
  stream: boolean
  /** Betas of the dialect; empty where none are asked for, or where they have been refused. */
  betas: readonly string[]
}

export interface Envelope {
  /** Below the base URL. The name of the model stands there, and not in the body. */
  path(deployment: Deployment, stream: boolean): string
  headers(wishes: EnvelopeWishes): Record<string, string>
  /** The members at the top of the body that `changes` looks at. */
  readonly looksAt: ReadonlySet<string>
  changes(top: TopLevel, wishes: EnvelopeWishes): ParameterChanges
  /** Absent where a stream comes as the dialect has it. */
  readonly wrappedStream?: { type: string; open(deployment: Deployment): UnwrapStream }
  readonly count: CountEnvelope
}

/** `feed` the bytes as they come: those of the dialect that became known. A failure inside is thrown as UpstreamError when it is reached. */
export interface UnwrapStream {
  feed(bytes: Uint8Array): Iterable<Buffer>
}

/** How it is asked how many tokens a request has. */
export interface CountEnvelope {
  path(deployment: Deployment): string
  /** The name of the model stands in the body after all. */
  readonly namesModel: boolean
  /** Further members at the top. */
  changes(top: TopLevel): readonly (readonly [string, JsonValue])[]
  wrap?(body: Buffer): Buffer
  /** The answer in the words of the dialect. */
  readonly read?: (answer: JsonObject) => JsonObject
}
