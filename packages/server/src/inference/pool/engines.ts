// Which deployments are asked for their health: engines of one's own unless somebody says otherwise, since that costs nothing.
import type { Deployment } from "../types.ts"

const engines: ReadonlySet<string> = new Set(["vllm", "sglang", "tgi", "llamacpp", "ollama", "lmstudio"])

/** As declared, else when it is an engine. */
export function isProbed({ provider, probe }: Pick<Deployment, "provider" | "probe">): boolean {
  return probe ?? engines.has(provider)
}
