// Credentials that AWS gives to a machine: to a container by an address in its environment, to an instance by its metadata service.
import { readFile } from "node:fs/promises"
import { messageOf, type JsonObject } from "../../../core/index.ts"
import { askForCredential, type CredentialAnswer } from "../credential-request.ts"
import { NotThere, type AwsSettings, type LastingCredentials } from "./types.ts"

/** Whoever is there answers at once. */
const metadataTimeoutMs = 2_000
const instanceAddress = "http://169.254.169.254"
const containerAddress = "http://169.254.170.2"
/** Where the token of a container may be sent without encryption: this machine, ECS, EKS. */
const containerHosts: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"])

export async function containerCredentials({ variables }: AwsSettings): Promise<LastingCredentials> {
  const url = containerUrl(variables)
  const token = await containerToken(variables)
  const headers = token === undefined ? {} : { authorization: token }
  return credentialsIn(await asked("the container's credential service", url, { headers }), "the container's credential service", "Token")
}

function containerUrl({
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
}: AwsSettings["variables"]): string {
  if (relative !== undefined) return new URL(relative, containerAddress).href
  if (full === undefined) throw new NotThere("no container gives any (AWS_CONTAINER_CREDENTIALS_FULL_URI is not set)")
  if (!URL.canParse(full)) throw new Error("AWS_CONTAINER_CREDENTIALS_FULL_URI is no address")
  const { protocol, hostname } = new URL(full)
  if (protocol === "https:" || containerHosts.has(hostname) || hostname.startsWith("127.")) return full
  throw new Error("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine, of ECS or of EKS")
}

async function containerToken({
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
}: AwsSettings["variables"]): Promise<string | undefined> {
  if (file === undefined) return token
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error("the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read", { cause: error })
  })
  return text.trim()
}

/** Version 2 only: a session is begun by PUT, which a deceived client cannot do. */
export async function instanceCredentials({ variables }: AwsSettings): Promise<LastingCredentials> {
  if (variables["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true")
    throw new NotThere("the instance's metadata service is not asked (AWS_EC2_METADATA_DISABLED)")
  const base = (variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? instanceAddress).replace(/\/+$/, "")
  const who = "the instance's metadata service"
  const session = await asked(who, `${base}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
  })
  if (session.status !== 200) throw new Error(`${who} gives no session (${session.status})`)
  const headers = { "x-aws-ec2-metadata-token": session.text.trim() }
  const roles = `${base}/latest/meta-data/iam/security-credentials/`
  const found = await asked(who, roles, { headers })
  const role = found.text.split("\n")[0]?.trim() ?? ""
  if (found.status === 404 || (found.status === 200 && role === "")) throw new Error("the instance has no role")
  if (found.status !== 200) throw new Error(`${who} names no role (${found.status})`)
  return credentialsIn(await asked(who, roles + encodeURIComponent(role), { headers }), who, "Token")
}

function asked(who: string, url: string, question: Parameters<typeof askForCredential>[1]): Promise<CredentialAnswer> {
  return askForCredential(url, { ...question, timeoutMs: metadataTimeoutMs }).catch((error: unknown) => {
    throw new Error(`${who} cannot be reached (${messageOf(error)})`, { cause: error })
  })
}

function credentialsIn({ status, json }: CredentialAnswer, who: string, tokenMember: string): LastingCredentials {
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, [tokenMember]: sessionToken, Expiration: end } = json
  if (status !== 200 || typeof accessKeyId !== "string" || typeof secretAccessKey !== "string")
    throw new Error(`${who} gives none (${[status, ...wordsOf(json)].join(" ")})`)
  const until = typeof end === "string" ? Date.parse(end) : Number.POSITIVE_INFINITY
  const token = typeof sessionToken === "string" ? { sessionToken } : {}
  return { value: { accessKeyId, secretAccessKey, ...token }, until: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until }
}

function wordsOf({ Code: code, code: otherCode, Message: message, message: otherMessage }: JsonObject): string[] {
  return [code ?? otherCode, message ?? otherMessage].filter((each) => typeof each === "string" && each !== "Success") as string[] // filtered
}
