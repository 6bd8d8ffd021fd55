// Parameters in chat completions and completions, as one provider of that family has them.
import type { JsonValue } from "../../core/index.ts"
import { effortFields } from "../providers/openai/effort.ts"
import { thinksBeforeAnswering } from "../providers/openai/models.ts"
import { presetOf, type ChatHabits } from "../providers/presets.ts"
import type { Deployment } from "../types.ts"
import type { Asked, ParameterChanges, Way } from "./way.ts"

const sampling: ReadonlySet<string> = new Set(["temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty"])

export function chatWay(deployment: Deployment, kind: "chat" | "completions"): Way {
  const { habits } = presetOf(deployment.provider)
  return {
    namesOf: (name) => namesOf(name, kind, habits),
    takes: (name, asked) => !habits.refuses.includes(name) && !(sampling.has(name) && refusesSampling(deployment, asked)),
    fieldsOf: (name, value) => (name === "reasoning_effort" && kind === "chat" ? effort(value, deployment, habits) : undefined),
    further: ["reasoning_effort"],
  }
}

function namesOf(name: string, kind: "chat" | "completions", { outputLimit, renames }: ChatHabits): readonly string[] {
  if (name === "max_tokens" || name === "max_completion_tokens") {
    if (kind === "completions") return ["max_tokens"]
    return outputLimit === "max_tokens" ? ["max_tokens", "max_completion_tokens"] : ["max_completion_tokens", "max_tokens"]
  }
  if (name === "reasoning_effort") return kind === "chat" ? ["reasoning_effort", "reasoning", "thinking"] : []
  const renamed = renames[name]
  return renamed === undefined ? [name] : [renamed, name]
}

/** OpenAI's thinking models refuse it, unless they are told not to think. */
function refusesSampling({ provider, upstreamModel }: Deployment, { top }: Asked): boolean {
  if (provider !== "openai" && provider !== "azure") return false
  return thinksBeforeAnswering(upstreamModel) && top.value("reasoning_effort") !== "none"
}

function effort(value: JsonValue, deployment: Deployment, habits: ChatHabits): ParameterChanges | undefined {
  if (typeof value !== "string") return undefined
  return new Map(Object.entries(effortFields({ reasoningEffort: value }, deployment, habits)))
}
