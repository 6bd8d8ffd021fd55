// What Google's credential files say: a service account's key, or a person's refresh token.
import { AppError, isJsonObject, type JsonObject } from "../../../core/index.ts"

export type GoogleCredentials =
  | { type: "service_account"; email: string; privateKey: string; keyId: string | null; tokenUrl: string }
  | { type: "authorized_user"; clientId: string; clientSecret: string; refreshToken: string; tokenUrl: string }
  /** Given to whoever asks on Google's own machines. */
  | { type: "metadata"; tokenUrl: string }

const usualTokenUrl = "https://oauth2.googleapis.com/token"
const metadataUrl = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"

/** `json` is the content of the file; null on a machine of Google's. `origin` is named in errors. */
export function googleCredentials(json: string | null, origin: string): GoogleCredentials {
  if (json === null) return { type: "metadata", tokenUrl: metadataUrl }
  const file = parsed(json, origin)
  const text = (key: string): string => {
    const value = file[key]
    if (typeof value !== "string" || value === "") throw unusable(`have no "${key}"`, origin)
    return value
  }
  const tokenUrl = typeof file["token_uri"] === "string" ? file["token_uri"] : usualTokenUrl
  if (file["type"] === "service_account") {
    const keyId = typeof file["private_key_id"] === "string" ? file["private_key_id"] : null
    return { type: "service_account", email: text("client_email"), privateKey: text("private_key"), keyId, tokenUrl }
  }
  if (file["type"] === "authorized_user")
    return {
      type: "authorized_user",
      clientId: text("client_id"),
      clientSecret: text("client_secret"),
      refreshToken: text("refresh_token"),
      tokenUrl,
    }
  throw unusable(`are of the type ${JSON.stringify(file["type"] ?? null)}, not "service_account" or "authorized_user"`, origin)
}

function parsed(json: string, origin: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw unusable("are not JSON", origin)
  }
  if (!isJsonObject(value)) throw unusable("are not an object", origin)
  return value
}

function unusable(what: string, origin: string): AppError {
  return new AppError("config_invalid", `the Google credentials of ${origin} ${what}`, {
    hint: "Give the whole JSON file of a service account: settings.credentials: { file: /path/to/key.json }.",
  })
}
