// Tools that Groq ran for an answer: searches by the call, code by the time that it took, at prices that no page of Groq's has and of which its usage tells nothing.
import type { Deployment, ModelUsage } from "../../types.ts"

const key = Buffer.from('"executed_tools"')
const some = /^\s*:\s*\[\s*\{/
const spanMax = 40

/** Only Groq has them: bytes of others are not looked at. */
export function mayRunTools({ provider }: Deployment): boolean {
  return provider === "groq"
}

/** Bytes of an answer or a frame tell of one. */
export function tellsOfToolsRun(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + 1)) {
    const from = at + key.length
    if (some.test(bytes.toString("latin1", from, from + spanMax))) return true
  }
  return false
}

/** Under a name without a price: the cost is known to be too low. */
export function withToolsRun(usage: ModelUsage): ModelUsage {
  return { ...usage, toolCalls: { ...usage.toolCalls, executed_tools: 1 } }
}
