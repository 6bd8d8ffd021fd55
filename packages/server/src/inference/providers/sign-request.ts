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
export type SignRequest = (request: SignableRequest, signal: AbortSignal) => Promise<Readonly<Record<string, string>>>
