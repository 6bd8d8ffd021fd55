// How LiteLLM's router chooses, retries and gives a rest, as limits of the server and settings of each model.
import type { ConfigInput } from "../../config/index.ts"
import { defaultLimits } from "../../core/index.ts"
import { some } from "./deployments.ts"
import type { Models } from "./models.ts"
import type { Section } from "./section.ts"

type LimitsInput = NonNullable<ConfigInput["limits"]>

/** `router_settings` wins over `litellm_settings`. */
export function limitsOf(router: Section, litellm: Section, general: Section): LimitsInput {
  const first = (key: string): Section => (router.has(key) ? router : litellm)
  const both = <T>(key: string, read: (section: Section) => T | undefined): T | undefined => {
    const other = router.has(key) ? litellm : router
    other.take(key)
    return read(first(key))
  }
  const timeout = both("timeout", (section) => section.milliseconds("timeout")) ?? litellm.milliseconds("request_timeout")
  litellm.take("request_timeout")
  const cooling = both("cooldown_time", (section) => section.milliseconds("cooldown_time"))
  return {
    ...some("retryBackoffMs", router.milliseconds("retry_after")),
    ...some("totalTimeoutMs", timeout),
    ...some(
      "firstTokenTimeoutMs",
      both("stream_timeout", (section) => section.milliseconds("stream_timeout")),
    ),
    ...(router.flag("disable_cooldowns") === true ? withoutRest(router) : rest(first("allowed_fails"), cooling)),
    ...some("requestBodyBytesMax", megabytes(general)),
  }
}

function rest(section: Section, coolingMs: number | undefined): LimitsInput {
  const fails = section.number("allowed_fails")
  if (fails !== undefined)
    section.differs("allowed_fails", "failures are counted in a row, and by their share of the latest calls, not per minute")
  return {
    ...some("breakerFailuresMax", fails === undefined ? undefined : Math.max(1, Math.round(fails) + 1)),
    ...(coolingMs === undefined
      ? {}
      : { breakerOpenMs: coolingMs, breakerOpenMsMax: Math.max(coolingMs, defaultLimits.breakerOpenMsMax), coolDownMs: coolingMs }),
  }
}

/** So many failures that nobody reaches them. */
function withoutRest(router: Section): LimitsInput {
  router.take("allowed_fails")
  router.differs("disable_cooldowns", "a retry-after of a provider is still kept to")
  return { breakerFailuresMax: 10_000_000, breakerRequestsMin: 10_000_000, coolDownMs: 1 }
}

function megabytes(general: Section): number | undefined {
  const megabytes = general.number("max_request_size_mb")
  return megabytes === undefined ? undefined : Math.min(8 * 1024 ** 3, Math.max(1024, Math.round(megabytes * 1024 * 1024)))
}

/** What decides among deployments. */
export function addRouting(router: Section, { byName }: Models): void {
  const strategy = router.text("routing_strategy")
  const sort = { "latency-based-routing": "latency", "cost-based-routing": "price" } as const
  if (strategy === undefined || strategy === "simple-shuffle") return
  if (strategy === "latency-based-routing" || strategy === "cost-based-routing") {
    for (const model of byName.values()) if (model.deployments.length > 1) model.sort = sort[strategy]
  } else if (strategy.startsWith("usage-based-routing"))
    router.differs(
      "routing_strategy",
      "calls are shared by weight, and a deployment at its limits is passed over; the least used one is not sought",
    )
  else if (strategy === "least-busy")
    router.differs(
      "routing_strategy",
      "calls are shared by weight; a deployment that shows overload is given fewer at once, by a limit that is learned",
      "Or sort: latency.",
    )
  else router.left("routing_strategy", `${JSON.stringify(strategy)} is not known here`, "See docs/how-to/routing-and-fallbacks.md.")
}

/** Limits of calls at once that LiteLLM has for every deployment. */
export function addConcurrency(router: Section, general: Section, { byName }: Models): void {
  const concurrent = router.count("default_max_parallel_requests") ?? general.count("max_parallel_requests")
  general.take("max_parallel_requests")
  if (concurrent === undefined) return
  for (const { deployments } of byName.values())
    for (const deployment of deployments) deployment.limits = { concurrent, ...deployment.limits }
}
