// Credentials of tools that a provider runs for the client: sealed in what is stored, shown to nobody, opened when the provider is asked.
import { isJsonObject, type JsonObject } from "../core/index.ts"
import type { Sealer } from "../security/index.ts"

const secret: ReadonlySet<string> = new Set(["authorization", "headers"])

/** Members of `tools` that are credentials by their name; function schemas are looked at by nobody. */
export function withSealedTools(sealer: Sealer, projectId: string, tools: readonly JsonObject[]): JsonObject[] {
  return tools.map((tool) => {
    const secrets = Object.entries(tool).filter(([key, value]) => tool["type"] === "mcp" && secret.has(key) && value !== null)
    if (secrets.length === 0) return tool
    return { ...withoutSecrets(tool), sealed: sealer.seal("tools", projectId, JSON.stringify(Object.fromEntries(secrets))) }
  })
}

/** As the client declared it; one that was sealed elsewhere has lost them. */
export function openedTool(sealer: Sealer, projectId: string, { sealed, ...tool }: JsonObject): JsonObject {
  const opened = typeof sealed === "string" ? sealer.open("tools", projectId, sealed) : undefined
  const secrets: unknown = opened === undefined ? undefined : JSON.parse(opened) // sealed above
  return isJsonObject(secrets) ? { ...tool, ...secrets } : sealed === undefined ? tool : { ...tool }
}

/** As a response shows it. */
export function shownTool(tool: JsonObject): JsonObject {
  const { sealed: _, ...shown } = tool
  return shown
}

function withoutSecrets(tool: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(tool).filter(([key]) => !secret.has(key)))
}
