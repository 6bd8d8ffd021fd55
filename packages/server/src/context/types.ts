// What context asks of the rest of the server: functions that the composition hands in.

/** One unit-length vector per text, in order; of documents unless told otherwise. */
export type Embed = (texts: readonly string[], signal: AbortSignal, purpose?: "document" | "query") => Promise<Float32Array[]>

/** For whom; `isPatient`: nobody waits for it, so that it may wait for a rate. */
export type EmbedAs = (caller: Caller & { readonly isPatient: boolean }) => Embed

/** Who asks: taken from authentication, never from a request's body. */
export interface Caller {
  projectId: string
  principal: string
}
