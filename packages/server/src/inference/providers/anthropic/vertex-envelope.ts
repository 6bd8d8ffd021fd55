// Anthropic's messages as clients send them, on their way to Vertex: the version goes into the body, betas stay in their header.
import type { JsonValue } from "../../../core/index.ts"
import type { TopLevel } from "../../parameters/index.ts"
import type { Deployment } from "../../types.ts"
import type { Envelope } from "../envelope.ts"

export const vertexVersion = "vertex-2023-10-16"
const models = "/publishers/anthropic/models"

export const vertexEnvelope: Envelope = {
  path: vertexPath,
  headers: ({ betas }) => (betas.length === 0 ? {} : { "anthropic-beta": betas.join(",") }),
  looksAt: new Set(["anthropic_version"]),
  changes: (top) => new Map(version(top)),
  count: { path: () => `${models}/count-tokens:rawPredict`, namesModel: true, changes: version },
}

export function vertexPath({ upstreamModel }: Deployment, stream: boolean): string {
  return `${models}/${encodeURIComponent(upstreamModel)}:${stream ? "streamRawPredict" : "rawPredict"}`
}

function version(top: TopLevel): readonly (readonly [string, JsonValue])[] {
  return top.has("anthropic_version") ? [] : [["anthropic_version", vertexVersion]]
}
