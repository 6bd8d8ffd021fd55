// Which deployments are engines of one's own: asking them for their health costs nothing.
import type { Deployment } from "../types.ts"

const engines: ReadonlySet<string> = new Set(["vllm", "sglang", "tgi", "llamacpp", "ollama", "lmstudio"])

export function isEngine({ provider }: Pick<Deployment, "provider">): boolean {
  return engines.has(provider)
}
