// The end user that a messages request names. Claude Code names its session beside the person: each session would be a user of its own.
import { isJsonObject, type JsonValue } from "../../core/index.ts"

export function endUserOf(userId: unknown): string | null {
  if (typeof userId !== "string") return null
  if (userId.startsWith("{")) return personIn(userId) ?? userId
  return userId.startsWith("user_") ? (personBefore(userId) ?? userId) : userId
}

/** `{"device_id":"…","account_uuid":"","session_id":"…"}`; who signed in at Anthropic has an account. */
function personIn(text: string): string | undefined {
  let named: JsonValue
  try {
    named = JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
  if (!isJsonObject(named) || typeof named["session_id"] !== "string") return undefined
  return [named["account_uuid"], named["device_id"]].find((id): id is string => typeof id === "string" && id !== "")
}

/** `user_…_account_…_session_…`, as versions before said it. */
function personBefore(text: string): string | undefined {
  const [, device, account] = /^user_([0-9a-f]+)_account_([\w-]*?)_session_[\w-]+$/.exec(text) ?? []
  return account === "" ? device : account
}
