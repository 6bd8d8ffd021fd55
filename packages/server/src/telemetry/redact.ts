// Takes secrets out of what is logged: by the name of a field, and by the look of a value wherever it stands.

export const redacted = "[redacted]"

/** A copy of `value` that may be logged. Bounded: deep or wide structures are cut, and say so. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value)
  if (typeof value !== "object" || value === null) return value
  if (depth >= depthMax) return "[deeper]"
  if (value instanceof Error) return redactError(value, depth)
  if (value instanceof Uint8Array) return `[${value.length} bytes]`
  if (Array.isArray(value)) return boundedList(value).map((inner) => redact(inner, depth + 1))
  const entries = Object.entries(value).slice(0, entriesMax)
  return Object.fromEntries(entries.map(([key, inner]) => [key, isSecretName(key) ? redacted : redact(inner, depth + 1)]))
}

/** Keys, tokens and passwords inside a text. */
export function redactText(text: string): string {
  let clean = text.length > textMax ? `${text.slice(0, textMax)}… (${text.length} characters)` : text
  for (const [pattern, replacement] of secretPatterns) clean = clean.replace(pattern, replacement)
  return clean
}

const depthMax = 6
const entriesMax = 64
const textMax = 4_096

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z]/g, "")
  return secretNames.has(plain) || /(apikey|secret|password|authorization|accesstoken|refreshtoken|privatekey)$/.test(plain)
}

const secretNames: ReadonlySet<string> = new Set([
  "authorization",
  "proxyauthorization",
  "cookie",
  "setcookie",
  "xapikey",
  "apikey",
  "key",
  "token",
  "secret",
  "password",
  "pepper",
  "credentials",
])

const secretPatterns: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
  [/\b(sk|pk|rk|prd|pdr|perdure|ghp|gho|xox[abp]|hf|gsk)[-_][A-Za-z0-9_-]{12,}/g, redacted],
  [/\bAKIA[0-9A-Z]{16}\b/g, redacted],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, redacted],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, `$1:${redacted}@`],
  [/([?&](?:key|token|api_key|apikey|access_token|secret|password)=)[^&\s"']+/gi, `$1${redacted}`],
]

function redactError(error: Error, depth: number): object {
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === "string" ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  }
}

function boundedList(list: readonly unknown[]): readonly unknown[] {
  return list.length > entriesMax ? [...list.slice(0, entriesMax), `… ${list.length - entriesMax} more`] : list
}
