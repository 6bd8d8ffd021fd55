// Google's workload identity federation: a token of another system for one of Google's, and that for one of a service account where it is named.
import { readFile } from "node:fs/promises"
import { isJsonObject, type JsonObject } from "../../../core/index.ts"
import type { Lasting } from "../credential-cache.ts"
import { askForCredential, askWithForm, type CredentialAnswer } from "../credential-request.ts"
import type { ExternalAccount } from "./credentials.ts"

const usualLifeSeconds = 3_600

export async function externalToken(account: ExternalAccount, scope: string, now: number): Promise<Lasting<string>> {
  const answer = await askWithForm(account.tokenUrl, {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience: account.audience,
    scope,
    subject_token_type: account.subjectTokenType,
    subject_token: await subjectToken(account.source),
  })
  const { access_token: token, expires_in: life } = answer.json
  if (answer.status !== 200 || typeof token !== "string") throw refused("the token exchange", answer)
  const federated = { value: token, until: now + (typeof life === "number" ? life : usualLifeSeconds) * 1000 }
  return account.impersonationUrl === null ? federated : impersonated(account.impersonationUrl, federated.value, scope, now)
}

async function impersonated(url: string, token: string, scope: string, now: number): Promise<Lasting<string>> {
  const answer = await askForCredential(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ scope: [scope], lifetime: `${usualLifeSeconds}s` }),
  })
  const { accessToken, expireTime } = answer.json
  if (answer.status !== 200 || typeof accessToken !== "string") throw refused("the service account", answer)
  const until = typeof expireTime === "string" ? Date.parse(expireTime) : Number.NaN
  return { value: accessToken, until: Number.isNaN(until) ? now + usualLifeSeconds * 1000 : until }
}

async function subjectToken({ file, url, headers, member }: ExternalAccount["source"]): Promise<string> {
  const text = file === null ? await textAt(url ?? "", headers) : await textOfFile(file)
  if (member === null) return text.trim()
  const parsed: unknown = JSON.parse(text)
  const token = isJsonObject(parsed) ? parsed[member] : undefined
  if (typeof token !== "string") throw new Error(`the subject token has no member ${JSON.stringify(member)}`)
  return token
}

/** Read each time: whoever writes it renews the token in it. */
function textOfFile(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new Error("the file of the subject token cannot be read", { cause: error })
  })
}

async function textAt(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const answer = await askForCredential(url, { headers })
  if (answer.status !== 200) throw refused("the place of the subject token", answer)
  return answer.text
}

function refused(who: string, { status, json }: CredentialAnswer): Error {
  const inner: JsonObject = isJsonObject(json["error"]) ? json["error"] : {}
  const said = [json["error"], json["error_description"], inner["message"]].filter((each) => typeof each === "string")
  return new Error(`${who} refuses (${[status, ...said].join(" ")})`)
}
