// AWS's token service, a container's credential service and an instance's metadata service on one real port, with what each was asked.
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"

export interface FakeAws extends AsyncDisposable {
  url: string
  /** What was asked: `AssumeRole`, `AssumeRoleWithWebIdentity`, `container`, `session`, `roles`, `instance`. */
  asked: { what: string; form: Record<string, string>; headers: IncomingMessage["headers"] }[]
  /** When the next credentials end, in epoch milliseconds. */
  endsAt: number
  /** Refuses everything that follows. */
  refuses: boolean
  /** The role of the instance; null where it has none. */
  role: string | null
}

export async function startFakeAws(): Promise<FakeAws> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
      const { status, body } = answerTo(aws, request, form)
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const aws: FakeAws = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // listening on TCP gives an AddressInfo
    asked: [],
    endsAt: 0,
    refuses: false,
    role: "my-role",
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
  return aws
}

interface Answer {
  status: number
  body: unknown
}

function answerTo(aws: FakeAws, { method, url = "", headers }: IncomingMessage, form: Record<string, string>): Answer {
  const note = (what: string): void => void aws.asked.push({ what, form, headers })
  const roles = "/latest/meta-data/iam/security-credentials/"
  if (url === "/latest/api/token" && method === "PUT") {
    note("session")
    return aws.refuses ? { status: 403, body: "" } : { status: 200, body: "imds-session" }
  }
  if (url.startsWith("/latest/") && headers["x-aws-ec2-metadata-token"] !== "imds-session") return { status: 401, body: "" }
  if (url === roles) {
    note("roles")
    return aws.role === null ? { status: 404, body: "" } : { status: 200, body: aws.role }
  }
  if (url === `${roles}${aws.role}`) {
    note("instance")
    return { status: 200, body: { Code: "Success", ...jsonCredentials(aws) } }
  }
  if (url === "/container") {
    note("container")
    return aws.refuses ? { status: 403, body: { code: "AccessDenied", message: "no" } } : { status: 200, body: jsonCredentials(aws) }
  }
  note(form["Action"] ?? "unknown")
  return aws.refuses ? { status: 403, body: refusal } : { status: 200, body: assumed(aws, form["Action"] ?? "") }
}

/** Told apart by how often was asked. */
function jsonCredentials({ asked, endsAt }: FakeAws): Record<string, string> {
  const Expiration = new Date(endsAt).toISOString()
  return { AccessKeyId: `ASIA${asked.length}`, SecretAccessKey: "machine-secret", Token: `machine-token-${asked.length}`, Expiration }
}

const refusal = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User is not authorized to assume it</Message></Error></ErrorResponse>`

function assumed({ asked, endsAt }: FakeAws, action: string): string {
  return `<${action}Response><${action}Result><Credentials><AccessKeyId>ASIA${asked.length}</AccessKeyId>
<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token-${asked.length}</SessionToken>
<Expiration>${new Date(endsAt).toISOString()}</Expiration></Credentials></${action}Result></${action}Response>`
}
