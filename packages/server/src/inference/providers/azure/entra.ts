// Tokens of Microsoft Entra ID for Azure OpenAI: by a client's secret, by a token of another system, or by the identity of the machine.
import { readFile } from "node:fs/promises"
import { messageOf, type JsonObject } from "../../../core/index.ts"
import type { Lasting } from "../credential-cache.ts"
import { askForCredential, askWithForm, type CredentialAnswer } from "../credential-request.ts"

export interface EntraSettings {
  tenantId?: string
  clientId?: string
  clientSecret?: string
  /** A file with a token by which the client proves itself, renewed by whoever issues it. */
  federatedTokenFile?: string
  /** Variables of Azure's by their names, as they were set when the server started. */
  variables: Readonly<Record<string, string>>
}

const resource = "https://cognitiveservices.azure.com"
const usualAuthority = "https://login.microsoftonline.com"
const machineAddress = "http://169.254.169.254"
const machineTimeoutMs = 2_000
const usualLifeSeconds = 3_600

/** Rejects with what was tried. */
export async function entraToken(settings: EntraSettings, now: number): Promise<Lasting<string>> {
  const { variables } = settings
  const tenantId = settings.tenantId ?? variables["AZURE_TENANT_ID"]
  const clientId = settings.clientId ?? variables["AZURE_CLIENT_ID"]
  const secret = settings.clientSecret ?? (settings.federatedTokenFile === undefined ? variables["AZURE_CLIENT_SECRET"] : undefined)
  const file = settings.federatedTokenFile ?? variables["AZURE_FEDERATED_TOKEN_FILE"]
  if (secret === undefined && file === undefined) return machineToken(clientId, variables, now)
  if (tenantId === undefined || clientId === undefined)
    throw new Error(`there is a ${secret === undefined ? "federated token" : "client secret"}, but no tenant id or no client id`)
  const url = `${(variables["AZURE_AUTHORITY_HOST"] ?? usualAuthority).replace(/\/+$/, "")}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`
  const proof = secret === undefined ? await assertionOf(file ?? "") : { client_secret: secret }
  const answer = await askWithForm(url, { grant_type: "client_credentials", client_id: clientId, scope: `${resource}/.default`, ...proof })
  return tokenIn(answer, "Entra ID", now)
}

/** The file is read each time: whoever writes it renews the token in it. */
async function assertionOf(file: string): Promise<Record<string, string>> {
  const token = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error("the file of the federated token cannot be read", { cause: error })
  })
  return { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: token.trim() }
}

/** Of App Service and its kind by an address in the environment, else of a virtual machine. `clientId` chooses one of several identities. */
async function machineToken(clientId: string | undefined, variables: EntraSettings["variables"], now: number): Promise<Lasting<string>> {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: secret, AZURE_POD_IDENTITY_AUTHORITY_HOST: other } = variables
  const isService = endpoint !== undefined && secret !== undefined
  const url = new URL(isService ? endpoint : `${(other ?? machineAddress).replace(/\/+$/, "")}/metadata/identity/oauth2/token`)
  url.searchParams.set("api-version", isService ? "2019-08-01" : "2018-02-01")
  url.searchParams.set("resource", resource)
  if (clientId !== undefined) url.searchParams.set("client_id", clientId)
  const headers: Record<string, string> = isService ? { "x-identity-header": secret } : { metadata: "true" }
  const answer = await askForCredential(url.href, { headers, timeoutMs: machineTimeoutMs }).catch((error: unknown) => {
    throw new Error(`there is no client secret and no federated token, and no managed identity of this machine: ${messageOf(error)}`, {
      cause: error,
    })
  })
  return tokenIn(answer, "the managed identity", now)
}

function tokenIn({ status, json }: CredentialAnswer, who: string, now: number): Lasting<string> {
  const { access_token: token, expires_in: life } = json
  if (status !== 200 || typeof token !== "string") throw new Error(`${who} refuses (${[status, ...saidIn(json)].join(" ")})`)
  const seconds = Number(life)
  const ends = Number(json["expires_on"])
  if (!(seconds > 0) && ends > 0) return { value: token, until: ends * 1000 }
  return { value: token, until: now + (seconds > 0 ? seconds : usualLifeSeconds) * 1000 }
}

/** Its descriptions have further lines for its own support. */
function saidIn({ error, error_description: description }: JsonObject): string[] {
  return [error, description].flatMap((each) => (typeof each === "string" ? [each.split(/[\r\n]/)[0] ?? ""] : []))
}
