// AWS Signature Version 4: the headers that prove who sends a request.
import { createHash, createHmac } from "node:crypto"

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string
}

export interface RequestToSign {
  method: string
  /** With scheme and port where it is unusual: `https://bedrock-runtime.eu-central-1.amazonaws.com`. */
  origin: string
  /** As it is sent, with its query. */
  path: string
  /** Those that shall be covered besides `host` and the date. */
  headers: Readonly<Record<string, string>>
  body: string | Uint8Array
}

export interface SignatureScope {
  region: string
  service: string
  /** Epoch milliseconds. */
  at: number
}

const algorithm = "AWS4-HMAC-SHA256"

/** The headers to add: date, session token and authorization. */
export function signatureHeaders(request: RequestToSign, credentials: AwsCredentials, scope: SignatureScope): Record<string, string> {
  const date = `${new Date(scope.at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`
  const added: Record<string, string> = { "x-amz-date": date }
  if (credentials.sessionToken !== undefined) added["x-amz-security-token"] = credentials.sessionToken
  const { canonical, names } = canonicalRequest(request, { ...request.headers, ...added, host: new URL(request.origin).host })
  const credentialScope = `${date.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`
  const toSign = [algorithm, date, credentialScope, sha256(canonical)].join("\n")
  const signature = hmac(signingKey(credentials.secretAccessKey, date.slice(0, 8), scope), toSign).toString("hex")
  const authorization = `${algorithm} Credential=${credentials.accessKeyId}/${credentialScope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...added, authorization }
}

function canonicalRequest(
  { method, path, body }: RequestToSign,
  headers: Readonly<Record<string, string>>,
): { canonical: string; names: string } {
  const [pathOnly, query] = split(path, "?")
  const lines = Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replaceAll(/\s+/g, " ")])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const names = lines.map(([name]) => name).join(";")
  const headerLines = lines.map(([name, value]) => `${name}:${value}\n`).join("")
  // Each segment is encoded once more than it is on the wire, as every service but S3 wants it.
  const canonicalPath = pathOnly.split("/").map(encoded).join("/")
  return { canonical: [method, canonicalPath, canonicalQuery(query), headerLines, names, sha256(body)].join("\n"), names }
}

function canonicalQuery(query: string): string {
  if (query === "") return ""
  return query
    .split("&")
    .map((pair) => {
      const [name, value] = split(pair, "=")
      return [encoded(decodeURIComponent(name)), encoded(decodeURIComponent(value))] as const
    })
    .toSorted(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join("&")
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** At the first occurrence only. */
function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)]
}

/** RFC 3986: everything but letters, digits and `-._~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function signingKey(secret: string, day: string, { region, service }: SignatureScope): Buffer {
  return [day, region, service, "aws4_request"].reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex")
}
