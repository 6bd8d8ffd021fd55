// Providers whose requests are signed one by one, or carry a token that expires: who makes those headers.
import type { Deployment } from "../types.ts"
import { azureSigner } from "./azure/signer.ts"
import { bedrockSigner } from "./bedrock/signer.ts"
import { vertexSigner } from "./google/signer.ts"
import type { SignRequest } from "./sign-request.ts"

/** Opens the signer of a deployment; undefined where its key goes into a header and nothing else is needed. */
type OpenSigner = (deployment: Deployment) => SignRequest | undefined

const signers: Readonly<Record<string, OpenSigner>> = { azure: azureSigner, bedrock: bedrockSigner, vertex: vertexSigner }

export function signerOf(deployment: Deployment): SignRequest | undefined {
  return signers[deployment.provider]?.(deployment)
}
