// The webhooks of alerts: names that are unique, addresses that can be posted to, secrets that can sign.
import type { ParsedConfig } from "./schema.ts"
import type { Path } from "./paths.ts"
import type { SecretReader } from "./resolve-secret.ts"
import type { AlertConfig } from "./types.ts"

interface Around {
  secrets: SecretReader
  origin: (path: Path) => string
  add: (path: Path, text: { what: string; allowed?: string; hint?: string }) => void
}

export function resolveAlerts(input: ParsedConfig["alerts"], { secrets, origin, add }: Around): AlertConfig[] {
  const names = new Map<string, string>()
  return input.flatMap((alert, index) => {
    const path = ["alerts", index]
    const other = names.get(alert.name)
    if (other !== undefined)
      add([...path, "name"], { what: `another webhook is called ${JSON.stringify(alert.name)} (${other})`, allowed: "a name of its own" })
    names.set(alert.name, origin(path))
    const url = secrets.read(alert.url, [...path, "url"], holdsToken)
    const secret = secrets.read(alert.secret, [...path, "secret"], () => true)
    if (url !== null && !isWebAddress(url.reveal()))
      add([...path, "url"], {
        what: "not an address that can be posted to",
        allowed: "https://host/path, or http:// in a network of yours",
      })
    if (secret !== null && !isSigningSecret(secret.reveal()))
      add([...path, "secret"], {
        what: "no secret to sign with",
        allowed: "whsec_ and base64 of 24 to 64 bytes",
        hint: 'make one with: echo "whsec_$(openssl rand -base64 32)"',
      })
    if (url === null) return []
    return [{ ...alert, url, secret, project: alert.project ?? null, origin: origin(path) }]
  })
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}

/** Whoever knows such an address may post to it. */
function holdsToken(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { pathname, search } = new URL(text)
  return search !== "" || pathname.split("/").some((part) => part.length >= 16 && /\d/.test(part))
}

function isSigningSecret(text: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  const { length } = Buffer.from(encoded ?? "", "base64")
  return length >= 24 && length <= 64
}
