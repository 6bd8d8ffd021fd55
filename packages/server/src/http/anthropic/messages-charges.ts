// What Anthropic charges for a container that ran code: its usage does not always tell of one, and beside newer web tools it is free.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { containerCalls, type ModelUsage } from "../../inference/index.ts"
import type { ForwardedBody } from "../light/forwarded-body.ts"

const containerKey = Buffer.from('"container"')
/** More than stands between a key and its value. */
const spanMax = 40

/** `answer`: whole, where no reader has looked at it. */
export function chargedMessage(usage: ModelUsage, request: ForwardedBody, answer?: Buffer): ModelUsage {
  const isUsed = usage.toolCalls?.[containerCalls] !== undefined
  if (!isUsed && !(answer && namesContainer(answer))) return usage
  const { [containerCalls]: _container, ...others } = usage.toolCalls ?? {}
  if (!isFreeBeside(request.parsed()["tools"])) return { ...usage, toolCalls: { ...others, [containerCalls]: 1 } }
  const { toolCalls: _calls, ...rest } = usage
  return Object.keys(others).length === 0 ? rest : { ...rest, toolCalls: others }
}

/** `"container": {`; in a text its quotes would be escaped. */
function namesContainer(answer: Buffer): boolean {
  for (let at = answer.indexOf(containerKey); at >= 0; at = answer.indexOf(containerKey, at + 1)) {
    const from = at + containerKey.length
    if (/^\s*:\s*\{/.test(answer.toString("latin1", from, from + spanMax))) return true
  }
  return false
}

const freeSince = 20_260_209

function isFreeBeside(tools: JsonValue | undefined): boolean {
  return Array.isArray(tools) && (tools as readonly JsonValue[]).some((tool) => isJsonObject(tool) && isNewWebTool(tool))
}

function isNewWebTool({ type }: JsonObject): boolean {
  const version = typeof type === "string" ? /^web_(?:search|fetch)_(\d{8})$/.exec(type)?.[1] : undefined
  return version !== undefined && Number(version) >= freeSince
}
