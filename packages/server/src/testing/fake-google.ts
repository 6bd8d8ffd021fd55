// Google's token endpoint and metadata server on a real port: checks the signature of what it is asked with.
import { createVerify, generateKeyPairSync } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface FakeGoogle extends AsyncDisposable {
  /** The claims, or the form, of each grant that was asked for. */
  grants: Record<string, unknown>[]
  /** Seconds that the next tokens live. */
  lifeSeconds: number
  /** Refuses the next grants with this status. */
  refuses: number | null
  /** The JSON file of an account. */
  serviceAccount: string
  /** Of an account whose grants are always refused. */
  refusedAccount: string
  /** Of a person who has logged in. */
  authorizedUser: string
  metadataUrl: string
}

export async function startFakeGoogle(): Promise<FakeGoogle> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      if (request.url === "/impersonate") {
        const asked = JSON.parse(Buffer.concat(chunks).toString()) as object // made by the caller
        google.grants.push({ impersonatedBy: request.headers.authorization, ...asked })
        response.writeHead(200).end(JSON.stringify({ accessToken: "ya29.impersonated", expireTime: "2030-01-01T00:00:00Z" }))
        return
      }
      const isMetadata = request.url?.startsWith("/computeMetadata/") === true
      const claims = isMetadata
        ? { metadata: request.headers["metadata-flavor"] }
        : claimsOf(new URLSearchParams(Buffer.concat(chunks).toString()))
      google.grants.push(claims)
      const isRefused = google.refuses !== null || claims["iss"] === "refused@p.iam.gserviceaccount.com" || claims["invalid"] === true
      const body = isRefused
        ? { error: "invalid_grant", error_description: "Invalid JWT Signature." }
        : { access_token: `ya29.token-${google.grants.length}`, expires_in: google.lifeSeconds, token_type: "Bearer" }
      response.writeHead(isRefused ? (google.refuses ?? 400) : 200, { "content-type": "application/json" }).end(JSON.stringify(body))
    })
  })
  const claimsOf = (form: URLSearchParams): Record<string, unknown> => {
    const assertion = form.get("assertion")
    if (assertion === null) return Object.fromEntries(form)
    const [head = "", claims = "", signature = ""] = assertion.split(".")
    const isSigned = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url")
    return isSigned ? (JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>) : { invalid: true } // made by the caller
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP gives an AddressInfo
  const pem = privateKey.export({ type: "pkcs8", format: "pem" })
  const account = (client_email: string): string =>
    JSON.stringify({ type: "service_account", client_email, private_key: pem, private_key_id: "k1", token_uri: `${url}/token` })
  const google: FakeGoogle = {
    grants: [],
    lifeSeconds: 3_600,
    refuses: null,
    serviceAccount: account("perdure@p.iam.gserviceaccount.com"),
    refusedAccount: account("refused@p.iam.gserviceaccount.com"),
    authorizedUser: JSON.stringify({
      type: "authorized_user",
      client_id: "c",
      client_secret: "s",
      refresh_token: "r",
      token_uri: `${url}/token`,
    }),
    metadataUrl: `${url}/computeMetadata/v1/instance/service-accounts/default/token`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
  return google
}
