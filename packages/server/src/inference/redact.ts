// Nothing of our credentials and of where a provider is stays in what clients are told.
import { isJsonObject } from "../core/index.ts"
import type { Deployment } from "./types.ts"

/** Takes the key, anything like a key, the provider's address and any other out of a text. */
export function redact(deployment: Deployment, text: string): string {
  let clean = text
  for (const secret of secretsOf(deployment)) clean = clean.replaceAll(secret, "[key]")
  if (deployment.baseUrl !== null) clean = clean.replaceAll(new URL(deployment.baseUrl).host, "[provider]")
  return clean
    .replaceAll(/\bhttps?:\/\/[^\s"')]+/g, "[address]")
    .replaceAll(/\b(?:sk|pk|gsk|xai|hf|rk)[-_][\w*.-]{6,}/g, "[key]")
    .replaceAll(/\b(?:A(?:KIA|SIA)[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w.-]{8,})/g, "[key]")
    .replaceAll(/\bBearer\s+\S+/gi, "Bearer [key]")
}

/** The key, and whatever else its provider is told by header. */
function secretsOf({ apiKey, settings }: Deployment): string[] {
  const headers = isJsonObject(settings?.["headers"]) ? Object.values(settings["headers"]) : []
  const {
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_SESSION_TOKEN: token,
    AZURE_CLIENT_SECRET: client,
  } = isJsonObject(settings?.["variables"]) ? settings["variables"] : {}
  const told = [
    apiKey,
    settings?.["secretAccessKey"],
    settings?.["sessionToken"],
    settings?.["clientSecret"],
    secret,
    token,
    client,
    ...headers,
  ]
  return told.filter((value) => typeof value === "string" && value.length >= 4) as string[] // filtered
}
