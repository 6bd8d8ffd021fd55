// Who has a form of its own for pictures and sounds; everybody else is asked in OpenAI's.
import type { Deployment, Dialect } from "../types.ts"
import { bedrockMedia } from "./bedrock/images.ts"
import { geminiMedia } from "./gemini/media.ts"
import type { MediaDialect } from "./media-port.ts"

const byDialect: Readonly<Partial<Record<Dialect, MediaDialect>>> = {
  gemini: geminiMedia,
  "bedrock-converse": bedrockMedia,
}

export function mediaDialectOf({ dialect }: Deployment): MediaDialect | undefined {
  return byDialect[dialect]
}

/** Whether the client's request cannot be sent on as it is. */
export function hasOwnForm(deployment: Deployment, service: keyof MediaDialect): boolean {
  if (deployment.dialect !== "openai-chat" && deployment.dialect !== "openai-responses") return true
  return mediaDialectOf(deployment)?.[service] !== undefined
}
