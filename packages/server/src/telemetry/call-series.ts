// What is counted of model calls: all series of one combination of labels, found once and then fed.
import { durationBuckets, firstTokenBuckets, overheadBuckets, tokenBuckets } from "./buckets.ts"
import type { Instruments, Labels } from "./series.ts"

/** Values of closed sets; `code` is null for calls that went well. */
export interface CallLabels {
  operation: string
  provider: string
  model: string
  outcome: string
  code: string | null
}

export type CallSeries = ReturnType<typeof seriesOf>

/** A function to the series of a call; there are as many as the closed sets allow. */
export function callSeries(instruments: Instruments): (labels: CallLabels) => CallSeries {
  const all = callInstruments(instruments)
  const known = new Map<string, CallSeries>()
  return (labels) => {
    const key = `${labels.operation} ${labels.provider} ${labels.outcome} ${labels.code} ${labels.model}`
    const found = known.get(key) ?? seriesOf(all, labels)
    known.set(key, found)
    return found
  }
}

function callInstruments(instruments: Instruments) {
  const seconds = (name: string, description: string, buckets = durationBuckets) =>
    instruments.histogram({ name, description, unit: "s", buckets })
  const count = (name: string, description: string) => instruments.counter({ name, description })
  return {
    calls: seconds("gen_ai.client.operation.duration", "Model calls towards providers"),
    served: seconds("gen_ai.server.request.duration", "Model calls towards our callers"),
    firstToken: seconds("gen_ai.server.time_to_first_token", "Time until our caller had the first token", firstTokenBuckets),
    overhead: seconds("perdure_gateway_overhead", "Our own share of a model call", overheadBuckets),
    tokens: instruments.histogram({
      name: "gen_ai.client.token.usage",
      description: "Tokens of model calls",
      unit: "{token}",
      buckets: tokenBuckets,
    }),
    cost: count("perdure_cost_micro_usd", "Cost of model calls in millionths of a dollar"),
    unpriced: count("perdure_calls_without_price", "Model calls whose cost is unknown, because nobody knows the model's price"),
    errors: count("perdure_model_call_errors", "Model calls that failed, by the published error code"),
  }
}

function seriesOf(all: ReturnType<typeof callInstruments>, { operation, provider, model, outcome, code }: CallLabels) {
  const labels: Labels = { "gen_ai.operation.name": operation, "gen_ai.provider.name": provider, "gen_ai.request.model": model }
  const failed: Labels = code === null ? {} : { "error.type": code }
  return {
    calls: all.calls.series({ ...labels, ...failed }),
    served: all.served.series({ ...labels, ...failed, outcome }),
    firstToken: all.firstToken.series(labels),
    overhead: all.overhead.series({}),
    inputTokens: all.tokens.series({ ...labels, "gen_ai.token.type": "input" }),
    outputTokens: all.tokens.series({ ...labels, "gen_ai.token.type": "output" }),
    cost: all.cost.series(labels),
    unpriced: all.unpriced.series(labels),
    errors: all.errors.series(code === null ? labels : { ...labels, code }),
  }
}
