// The operator's keys for data: read by reference, checked for their form, never shown.
import type { ParsedConfig } from "./schema.ts"
import type { Path } from "./paths.ts"
import type { SecretInput, SecretReader } from "./resolve-secret.ts"
import type { Secret } from "./secret.ts"
import type { EncryptionConfig } from "./types.ts"

type AddProblem = (path: Path, text: { what: string; allowed?: string; hint?: string }) => void

export function resolveEncryption(
  { key, previousKeys }: ParsedConfig["encryption"],
  secrets: SecretReader,
  add: AddProblem,
): EncryptionConfig {
  const read = (input: SecretInput, path: Path): Secret | null => {
    const secret = secrets.read(input, path, () => true)
    if (secret === null || isKey(secret.reveal())) return secret
    add(path, { what: "is no key", allowed: "32 bytes as base64 or hex", hint: "make one with perdure encryption key --out <file>" })
    return null
  }
  return {
    key: read(key, ["encryption", "key"]),
    previousKeys: previousKeys.flatMap((input, index) => read(input, ["encryption", "previousKeys", index]) ?? []),
  }
}

function isKey(text: string): boolean {
  return /^(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)$/i.test(text.trim())
}
