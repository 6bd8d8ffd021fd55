// AWS's Security Token Service: temporary credentials of a role, for credentials or for a token of another system.
import { readFile } from "node:fs/promises"
import { messageOf } from "../../../core/index.ts"
import { signatureHeaders, type AwsCredentials } from "../bedrock/signature.ts"
import { askForCredential, type CredentialAnswer } from "../credential-request.ts"
import type { AwsSettings, LastingCredentials } from "./types.ts"

export interface Role {
  roleArn: string
  sessionName: string
  externalId?: string | undefined
  durationSeconds?: string | undefined
}

const version = "2011-06-15"
const usualLifeMs = 3_600_000

export async function assumeRole(role: Role, credentials: AwsCredentials, settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const { origin, path } = endpointOf(settings)
  const body = formOf({
    Action: "AssumeRole",
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName,
    ExternalId: role.externalId,
    DurationSeconds: role.durationSeconds,
  })
  const headers = { "content-type": "application/x-www-form-urlencoded" }
  const request = { method: "POST", origin, path, headers, body }
  const signed = signatureHeaders(request, credentials, { region: settings.region, service: "sts", at: now })
  const answer = await askForCredential(origin + path, { method: "POST", headers: { ...headers, ...signed }, body })
  return credentialsIn(answer, `to assume the role ${role.roleArn}`, now)
}

/** The file is read each time: whoever writes it renews the token in it. */
export async function assumeRoleWithWebIdentity(
  role: Role,
  tokenFile: string,
  settings: AwsSettings,
  now: number,
): Promise<LastingCredentials> {
  const token = await readFile(tokenFile, "utf8").catch((error: unknown) => {
    throw new Error(`the file of the web identity token cannot be read (${codeOf(error)})`, { cause: error })
  })
  const { origin, path } = endpointOf(settings)
  const body = formOf({
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName,
    WebIdentityToken: token.trim(),
    DurationSeconds: role.durationSeconds,
  })
  const headers = { "content-type": "application/x-www-form-urlencoded" }
  const answer = await askForCredential(origin + path, { method: "POST", headers, body })
  return credentialsIn(answer, `to assume the role ${role.roleArn} with a web identity`, now)
}

function endpointOf({ region, variables }: AwsSettings): { origin: string; path: string } {
  const named = variables["AWS_ENDPOINT_URL_STS"]
  const url = new URL(named ?? `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`)
  return { origin: url.origin, path: url.pathname }
}

function formOf(members: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries({ ...members, Version: version }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return new URLSearchParams(given).toString()
}

/** Its answers are XML of a fixed form, in which nothing of what is wanted needs an escape. */
function credentialsIn({ status, text }: CredentialAnswer, wish: string, now: number): LastingCredentials {
  const member = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const [accessKeyId, secretAccessKey, sessionToken] = [member("AccessKeyId"), member("SecretAccessKey"), member("SessionToken")]
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    const said = [member("Code"), member("Message")].filter((each) => each !== undefined).join(": ")
    throw new Error(`AWS's token service refuses ${wish} (${status}${said === "" ? "" : ` ${said}`})`)
  }
  const until = Date.parse(member("Expiration") ?? "")
  return { value: { accessKeyId, secretAccessKey, sessionToken }, until: Number.isNaN(until) ? now + usualLifeMs : until }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : messageOf(error)
}
