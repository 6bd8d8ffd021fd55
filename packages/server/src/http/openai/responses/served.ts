// What the log of a response tells about how it was served, as headers: which deployment, after how many attempts, from the cache or not, what it cost, where it broke off.
import { setOpenAiLimitHeaders, type LimitState } from "../../../accounting/index.ts"
import { isJsonObject, type JsonValue } from "../../../core/index.ts"

/** Known only when the head of a stream has gone out, so there it follows the answer. */
export const failoverHeader = "x-perdure-failover"

/** As the log has it. */
function limitsIn(value: JsonValue | undefined): LimitState | undefined {
  return isJsonObject(value) ? (value as unknown as LimitState) : undefined // written by the turn, or by its refusal
}

export class Served {
  #deployment: string | undefined
  #attempts = 1
  #limits: LimitState | undefined
  #cache: Record<string, string> = {}
  #costMicroUsd: number | undefined = 0
  readonly #failovers: string[] = []

  /** Looks at an event of the log. */
  watch({ type, data }: { type: string; data: JsonValue }): void {
    if (!isJsonObject(data)) return
    if (type === "response.output_item.added") this.#servedBy(data["served"])
    else if (type === "error") this.#limits = isJsonObject(data["kept"]) ? limitsIn(data["kept"]["limits"]) : undefined
    else if (type === "turn.failed_over") this.#failedOver(data)
    else if (type === "usage.recorded") this.#cost(data)
  }

  /** Of an answer whose head goes out now. `ended`: with what is known only at the end. */
  headers({ ended }: { ended: boolean }): Record<string, string> {
    return {
      ...(this.#deployment === undefined ? {} : { "x-perdure-route": this.#deployment }),
      ...this.#cache,
      ...(this.#attempts > 1 ? { "x-perdure-attempts": String(this.#attempts) } : {}),
      ...(ended && this.#costMicroUsd !== undefined ? { "x-perdure-cost-micro-usd": String(this.#costMicroUsd) } : {}),
      ...(ended ? this.trailers() : {}),
    }
  }

  /** What is left of the caller's limits, for whoever asked just now. */
  limitHeaders(): Record<string, string> {
    const headers: Record<string, string> = {}
    if (this.#limits) setOpenAiLimitHeaders(headers, this.#limits)
    return headers
  }

  trailers(): Record<string, string> {
    return this.#failovers.length === 0 ? {} : { [failoverHeader]: this.#failovers.join(", ") }
  }

  #servedBy(served: JsonValue | undefined): void {
    if (!isJsonObject(served)) return
    const { deployment, attempts, cache, ageSeconds } = served
    this.#limits ??= limitsIn(served["limits"])
    // Of several turns the first one's: the head of a stream goes out with it.
    if (typeof cache === "string" && this.#deployment === undefined)
      this.#cache = { "x-perdure-cache": cache, ...(typeof ageSeconds === "number" ? { age: String(ageSeconds) } : {}) }
    if (typeof deployment === "string") this.#deployment = deployment
    if (typeof attempts === "number") this.#attempts = attempts
  }

  #failedOver({ to, how, afterCharacters }: Readonly<Record<string, JsonValue | undefined>>): void {
    if (typeof to !== "string" || typeof afterCharacters !== "number") return
    this.#failovers.push(`to ${to}${how === "anew" ? " anew" : ""} after ${afterCharacters} characters`)
  }

  /** Undefined for good once a part of it is not known. */
  #cost({ costMicroUsd, costKnown, estimated }: Readonly<Record<string, JsonValue | undefined>>): void {
    const known = costKnown === true && estimated !== true && typeof costMicroUsd === "number"
    this.#costMicroUsd = known && this.#costMicroUsd !== undefined ? this.#costMicroUsd + costMicroUsd : undefined
  }
}
