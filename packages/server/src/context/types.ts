// What context asks of the rest of the server: functions that the composition hands in.

/** One unit-length vector per text, in order; of documents unless told otherwise. */
export type Embed = (texts: readonly string[], signal: AbortSignal, purpose?: "document" | "query") => Promise<Float32Array[]>

/** Who asks: taken from authentication, never from a request's body. */
export interface Caller {
  projectId: string
  principal: string
}
