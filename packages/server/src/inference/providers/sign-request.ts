// What a signer is given, and what it gives.
export interface SignableRequest {
  method: "GET" | "POST"
  /** `https://bedrock-runtime.eu-central-1.amazonaws.com` */
  origin: string
  /** With its query. */
  path: string
  headers: Readonly<Record<string, string>>
  body: string | Uint8Array
}

/** The headers to add to this request. */
export type MakeHeaders = (request: SignableRequest, signal: AbortSignal) => Promise<Readonly<Record<string, string>>>

export interface SignRequest extends MakeHeaders {
  /** What it signs with was refused. True where another attempt may be signed with something newer. */
  readonly forget?: () => boolean
}

/** Refusals of what a request was signed with, not of what it asks for. */
export function refusesSignature(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  if (status === 401) return true
  return (
    (status === 403 || status === 400) &&
    /^(?:ExpiredToken|UnrecognizedClient|InvalidClientTokenId)/.test(String(headers["x-amzn-errortype"] ?? ""))
  )
}
