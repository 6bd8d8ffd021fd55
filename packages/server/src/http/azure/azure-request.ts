// Requests of clients for Azure's OpenAI service: served as what they mean on the routes that are here, with the deployment in the path as the model.
//
//   POST /openai/deployments/{model}/chat/completions?api-version=…   POST /v1/chat/completions
//   POST /openai/responses?api-version=…, /openai/v1/responses         POST /v1/responses
//   GET  /openai/realtime?api-version=…&deployment={model}             GET  /v1/realtime?model={model}
//   api-key: …                                                         x-api-key: …
import type { IncomingMessage } from "node:http"
import type { HotRequest } from "../hot-exchange.ts"

const azurePath = /^\/openai\/(?:deployments\/(?<deployment>[^/]+)\/|v1\/)?(?<rest>[^?]+)(?:\?(?<query>.*))?$/

/** Whether it was one; changed in place, so that whoever looks at it next sees the same. */
export function takeAzureRequest(request: IncomingMessage): boolean {
  const asked = ownForm(request.url ?? "")
  if (!asked) return false
  request.url = asked.url
  const { headers } = request
  takeKey(request)
  // A form names its model itself.
  const isForm = /^multipart\//i.test(headers["content-type"] ?? "")
  if (asked.model !== undefined && !isForm) (request as HotRequest).modelOfPath = asked.model
  return true
}

/** Both forms of the headers: some who read them take the one, some the other. */
function takeKey({ headers, rawHeaders }: IncomingMessage): void {
  const key = headers["api-key"]
  if (typeof key !== "string" || headers.authorization !== undefined || headers["x-api-key"] !== undefined) return
  headers["x-api-key"] = key
  rawHeaders.push("x-api-key", key)
}

/** `url` is a request's target. Undefined where it is none of Azure's, or names nothing. */
export function ownForm(url: string): { url: string; model: string | undefined } | undefined {
  const { deployment, rest, query } = azurePath.exec(url)?.groups ?? {}
  if (rest === undefined || /^deployments(?:\/|$)/.test(rest)) return undefined
  const model = deployment === undefined ? undefined : decoded(deployment)
  if (deployment !== undefined && model === undefined) return undefined
  return { url: `/v1/${rest}${ownQuery(query)}`, model }
}

function ownQuery(query = ""): string {
  const parameters = new URLSearchParams(query)
  const deployment = parameters.get("deployment")
  if (deployment !== null && !parameters.has("model")) parameters.set("model", deployment)
  parameters.delete("deployment")
  parameters.delete("api-version")
  // Sessions of Azure's older clients bring their key here; it is asked for in a header.
  parameters.delete("api-key")
  const text = parameters.toString()
  return text === "" ? "" : `?${text}`
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
