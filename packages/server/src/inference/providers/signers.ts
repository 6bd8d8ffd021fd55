// Providers whose requests are signed one by one, or carry a token that expires: who makes those headers.
import type { Deployment } from "../types.ts"

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

/** Opens the signer of a deployment; undefined where its key goes into a header and nothing else is needed. */
type OpenSigner = (deployment: Deployment) => SignRequest | undefined

const signers: Readonly<Record<string, OpenSigner>> = {}

export function signerOf(deployment: Deployment): SignRequest | undefined {
  return signers[deployment.provider]?.(deployment)
}
