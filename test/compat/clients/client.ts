// What every client of the matrix is asked to do, in its own words and with nothing of it changed.

export interface CompatClient {
  readonly name: string
  text(model: string): Promise<string>
  /** The pieces of a streamed answer. */
  stream(model: string): Promise<string[]>
  /** The one call that the model asks for. */
  tool(model: string): Promise<{ name: string; input: unknown }>
  /** The answer to the tool's result. */
  toolResult(model: string): Promise<string>
  structured(model: string): Promise<unknown>
  image(model: string): Promise<string>
  /** The status that the client's own error carries. */
  errorStatus(model: string): Promise<number | undefined>
  /** Starts a stream and leaves after its first piece. */
  abort(model: string): Promise<void>
  /** Succeeds by the client's own retry. */
  retried(model: string): Promise<string>
}

export interface ClientOptions {
  /** Without `/v1`. */
  url: string
  apiKey: string
  /** Validates what comes back. */
  fetch: typeof fetch
}

/** One red pixel. */
export const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
export const question = "What is the weather in Lisbon?"
export const weatherSchema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
} as const
