// What Google's credential files say: a service account's key, a person's refresh token, or where another system's token is.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"

export type GoogleCredentials =
  | { type: "service_account"; email: string; privateKey: string; keyId: string | null; tokenUrl: string }
  | { type: "authorized_user"; clientId: string; clientSecret: string; refreshToken: string; tokenUrl: string }
  | ExternalAccount
  /** Given to whoever asks on Google's own machines. */
  | { type: "metadata"; tokenUrl: string }

/** An identity of another system, by a token of it. */
export interface ExternalAccount {
  type: "external_account"
  audience: string
  subjectTokenType: string
  tokenUrl: string
  /** Where a service account gives its own token for it; null where it is used as it is. */
  impersonationUrl: string | null
  /** A file or an address with the token, which is all of it or a member of JSON. */
  source: { file: string | null; url: string | null; headers: Readonly<Record<string, string>>; member: string | null }
}

const usualExchangeUrl = "https://sts.googleapis.com/v1/token"
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
  if (file["type"] === "external_account")
    return {
      type: "external_account",
      audience: text("audience"),
      subjectTokenType: text("subject_token_type"),
      tokenUrl: typeof file["token_url"] === "string" ? file["token_url"] : usualExchangeUrl,
      impersonationUrl: typeof file["service_account_impersonation_url"] === "string" ? file["service_account_impersonation_url"] : null,
      source: sourceOf(file["credential_source"], origin),
    }
  throw unusable(
    `are of the type ${JSON.stringify(file["type"] ?? null)}, not "service_account", "authorized_user" or "external_account"`,
    origin,
  )
}

function sourceOf(value: JsonValue | undefined, origin: string): ExternalAccount["source"] {
  const source = isJsonObject(value) ? value : {}
  const { file, url, format } = source
  if (typeof file !== "string" && (typeof url !== "string" || source["environment_id"] !== undefined))
    throw unusable('have a "credential_source" with neither "file" nor "url": commands, certificates and AWS are not asked', origin)
  const isJson = isJsonObject(format) && format["type"] === "json"
  const member = isJson ? format["subject_token_field_name"] : undefined
  const headers = isJsonObject(source["headers"]) ? Object.entries(source["headers"]) : []
  return {
    file: typeof file === "string" ? file : null,
    url: typeof url === "string" ? url : null,
    headers: Object.fromEntries(headers.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    member: isJson ? (typeof member === "string" ? member : "access_token") : null,
  }
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
    hint: "Give the whole JSON file of a service account, or of workload identity federation: settings.credentials: { file: /path/to/key.json }.",
  })
}
