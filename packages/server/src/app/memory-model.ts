// The chat models that work on memory: within the limits of whoever the memory is of, on their bill, recorded like any other call.
import { costOf, dearestPrice, type Admission, type LightRunRecord, type Price, type Records } from "../accounting/index.ts"
import type { MemoryModel, MemoryModelAnswer, MemoryQuestion } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import { blankCall, noUsage, type ModelCall, type ModelUsage } from "../inference/index.ts"
import type { Identity } from "../security/index.ts"
import { admitModelCalls } from "./admitted-model.ts"
import type { Inference } from "./inference.ts"
import type { Shared } from "./services.ts"

export interface MemoryModelParts {
  inference: Inference
  records: Pick<Records, "add">
  admission: Pick<Admission, "reserve">
  identity: Pick<Identity, "principalOfKey">
  /** For models whose price nobody knows. */
  assumedPrice: Price
}

const charactersPerToken = 3

export function memoryModel(shared: Shared, name: string, parts: MemoryModelParts): MemoryModel {
  const { inference, assumedPrice } = parts
  const callAs = admitModelCalls({ ...shared, ...inference, ...parts })
  return {
    name,
    worstMicroUsd: (question) => {
      const price = dearestPrice(inference.prices, inference.models.require(name, "chat").deployments) ?? assumedPrice
      const inputTokens = Math.ceil(
        (question.instructions.length + question.text.length + JSON.stringify(question.schema).length) / charactersPerToken,
      )
      return costOf({ ...noUsage, inputTokens, outputTokens: question.outputTokensMax }, price).costMicroUsd
    },
    async ask(caller, question, signal) {
      const startedAt = shared.clock.now()
      const call = callAs({ ...caller, isPatient: true })(callOf(name, question), signal)
      let text = ""
      let usage: ModelUsage | undefined
      let model = name
      for await (const event of call.events) {
        if (event.type === "text-delta") text += event.text
        if (event.type === "finished") [usage, model] = [event.usage, event.upstreamModel]
      }
      if (usage === undefined) throw new AppError("upstream_error", `The model "${name}" did not finish its answer.`)
      const price = inference.prices.priceOf(call.deployment)
      const answer = {
        text,
        model,
        inputTokens: usage.inputTokens,
        outputTokens: usage.outputTokens,
        costMicroUsd: costOf(usage, price ?? assumedPrice).costMicroUsd,
      }
      const record = recordOf(shared, { name, deployment: call.deployment.id, question, usage, startedAt })
      parts.records.add({ ...record, projectId: caller.projectId, principal: caller.principal, ...costOf(usage, price) })
      return answer satisfies MemoryModelAnswer
    },
  }
}

function callOf(model: string, { instructions, text, schema, name, outputTokensMax }: MemoryQuestion): ModelCall {
  return {
    ...blankCall,
    model,
    messages: [
      { role: "system", content: [{ type: "text", text: instructions }] },
      { role: "user", content: [{ type: "text", text }] },
    ],
    temperature: 0,
    outputTokensMax,
    responseFormat: { type: "json_schema", json_schema: { name, strict: true, schema } },
  }
}

function recordOf(
  { clock, newId }: Shared,
  made: { name: string; deployment: string; question: MemoryQuestion; usage: ModelUsage; startedAt: number },
): Omit<LightRunRecord, "projectId" | "principal" | "costMicroUsd" | "costKnown"> {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = made.usage
  const durationMs = clock.now() - made.startedAt
  return {
    inputTokens,
    outputTokens,
    cachedTokens,
    reasoningTokens,
    durationMs,
    id: newId("run"),
    user: null,
    kind: "chat",
    name: `memory.${made.question.name}`,
    model: made.name,
    deployment: made.deployment,
    outcome: "completed",
    status: 200,
    error: null,
    startedAt: made.startedAt,
    upstreamMs: durationMs,
    firstTokenMs: null,
    streamed: false,
    requestBytes: 0,
    responseBytes: 0,
    label: null,
    data: null,
  }
}
