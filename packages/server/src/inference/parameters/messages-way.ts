// Parameters in Anthropic's messages, as one of its models takes them.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { thinkingOf, type ThinkingCall } from "../providers/anthropic/thinking.ts"
import { claudeTraits, type ClaudeTraits } from "../providers/claude.ts"
import type { Deployment } from "../types.ts"
import { isGiven, type Asked, type ParameterChanges, type TopLevel, type Way } from "./way.ts"

const sampling: readonly string[] = ["temperature", "top_p", "top_k"]
const unknown: ReadonlySet<string> = new Set(["seed", "presence_penalty", "frequency_penalty", "response_format"])

export function messagesWay({ upstreamModel }: Deployment): Way {
  const traits = claudeTraits(upstreamModel)
  return {
    namesOf,
    takes: (name, asked) => !sampling.includes(name) || takesSampling(name, traits, asked),
    fieldsOf: (name, value, asked) => {
      if (name === "reasoning_effort") return effort(value, traits, asked)
      return name === "stop" && typeof value === "string" ? new Map([["stop_sequences", [value]]]) : undefined
    },
    further: [...sampling, "thinking", "output_config", "tool_choice", "messages", "max_tokens"],
  }
}

function namesOf(name: string): readonly string[] {
  if (name === "max_completion_tokens") return ["max_tokens"]
  if (name === "stop") return ["stop_sequences"]
  if (name === "reasoning_effort") return ["thinking", "output_config"]
  return unknown.has(name) ? [] : [name]
}

/** With thoughts there is none, newer models have none at all, and some take one of the two. */
function takesSampling(name: string, { takesSampling: takes, takesOneOfSampling }: ClaudeTraits, { top }: Asked): boolean {
  if (!takes || thinks(top)) return false
  if (!takesOneOfSampling || name === "top_k") return true
  return !isGiven(top, name === "temperature" ? "top_p" : "temperature")
}

function thinks(top: TopLevel): boolean {
  const thinking = top.value("thinking")
  return isJsonObject(thinking) && thinking["type"] !== "disabled"
}

/** The client's sampling excludes thoughts where it stands; where the effort is forced it gives way. */
function effort(value: JsonValue, traits: ClaudeTraits, { top, isOverride }: Asked): ParameterChanges {
  const said = sampling.filter((name) => isGiven(top, name))
  const fields = new Map<string, JsonValue | undefined>()
  if (typeof value !== "string" || (said.length > 0 && !isOverride && value !== "none")) return fields
  const limit = top.value("max_tokens")
  const { thinking, effort: word } = thinkingOf(
    thinkingCall(top, value),
    traits,
    typeof limit === "number" ? limit : traits.outputTokensMax,
  )
  if (thinking) fields.set("thinking", thinking)
  const format = top.value("output_config")
  const kept = isJsonObject(format) ? Object.fromEntries(Object.entries(format).filter(([name]) => name !== "effort")) : {}
  const config = { ...kept, ...(word === undefined ? {} : { effort: word }) }
  if (Object.keys(config).length > 0) fields.set("output_config", config)
  if (thinking && thinking["type"] !== "disabled") for (const name of said) fields.set(name, undefined)
  return fields
}

/** What the rules of thinking look at. */
function thinkingCall(top: TopLevel, reasoningEffort: string): ThinkingCall {
  const choice = top.value("tool_choice")
  const type = isJsonObject(choice) ? choice["type"] : undefined
  const given = top.value("messages")
  const messages = Array.isArray(given) ? (given as readonly JsonValue[]).filter(isJsonObject) : []
  return {
    reasoningEffort,
    toolChoice: type === "any" || type === "tool" ? "required" : "auto",
    messages: messages.map(({ role, content }) => {
      const parts = Array.isArray(content) ? (content as readonly JsonValue[]).filter(isJsonObject) : []
      const types = parts.map(({ type }) => (typeof type === "string" ? type : ""))
      const has = (wanted: RegExp): boolean => types.some((type) => wanted.test(type))
      if (role !== "assistant") return { role: has(/^tool_result$/) ? "tool" : "user" }
      const reasoning = has(/^(?:redacted_)?thinking$/) ? [{ dialect: "anthropic-messages" as const, signature: "" }] : []
      return { role, toolCalls: has(/^tool_use$/) ? [{}] : [], reasoning }
    }),
  }
}
