// Signs the requests of Bedrock deployments that have an access key; those with an API key carry it as a bearer token.
import { systemClock, type Clock } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import type { SignRequest } from "../sign-request.ts"
import { signatureHeaders, type AwsCredentials } from "./signature.ts"

export function bedrockSigner(deployment: Deployment, clock: Clock = systemClock): SignRequest | undefined {
  const credentials = credentialsIn(deployment)
  const region = deployment.settings?.["region"]
  if (deployment.apiKey !== null || !credentials || typeof region !== "string") return undefined
  return async ({ method, origin, path, headers, body }) => {
    const { "content-type": type } = headers
    const covered: Record<string, string> = type === undefined ? {} : { "content-type": type }
    return signatureHeaders({ method, origin, path, headers: covered, body }, credentials, { region, service: "bedrock", at: clock.now() })
  }
}

function credentialsIn({ settings }: Deployment): AwsCredentials | undefined {
  const { accessKeyId, secretAccessKey, sessionToken } = settings ?? {}
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") return undefined
  return { accessKeyId, secretAccessKey, ...(typeof sessionToken === "string" ? { sessionToken } : {}) }
}
