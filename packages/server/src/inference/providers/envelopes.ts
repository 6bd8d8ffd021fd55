// Which deployments take the requests of a client's dialect as they are, be it inside an envelope.
import type { Deployment, Dialect } from "../types.ts"
import { vertexEnvelope } from "./anthropic/vertex-envelope.ts"
import { invokeEnvelope, takesMessages } from "./bedrock/invoke.ts"
import type { Envelope } from "./envelope.ts"

/** Undefined where the deployment speaks the dialect plainly, or not at all. */
export function envelopeOf(deployment: Deployment, dialect: Dialect): Envelope | undefined {
  if (dialect !== "anthropic-messages") return undefined
  if (deployment.dialect === "anthropic-vertex") return vertexEnvelope
  return takesMessages(deployment) ? invokeEnvelope : undefined
}

/** Its requests and answers pass as they are. */
export function takesAsItIs(deployment: Deployment, dialect: Dialect): boolean {
  return deployment.dialect === dialect || envelopeOf(deployment, dialect) !== undefined
}
