// LiteLLM's retries: one number for the server, or numbers by the class of its exceptions, for all models or for one.
import type { ConfigInput, FailureKey } from "../../config/index.ts"
import { defaultLimits } from "../../core/index.ts"
import type { DeploymentInput } from "./deployments.ts"
import type { ModelInput, Models } from "./models.ts"
import type { Section } from "./section.ts"

type LimitsInput = NonNullable<ConfigInput["limits"]>
type RetryInput = NonNullable<ModelInput["retry"]>

const retriesMax = 10

/** Of `ContentPolicyViolationErrorRetries` there is none: the same filter says the same again. */
const kinds: Readonly<Record<string, readonly FailureKey[]>> = {
  BadRequestErrorRetries: ["request"],
  AuthenticationErrorRetries: ["credentials"],
  TimeoutErrorRetries: ["timeout"],
  RateLimitErrorRetries: ["rate_limit", "quota"],
  InternalServerErrorRetries: ["server"],
}
/** What no class of LiteLLM's policy stands for. */
const others = ["connection", "stream"] as const

/** `num_retries`, and `retry_policy`, `model_group_retry_policy` on the models. Returns the limits that they need. */
export function addRetries(router: Section, litellm: Section, models: Models): LimitsInput {
  const named = router.number("num_retries") ?? litellm.number("num_retries")
  litellm.take("num_retries")
  const usual = named === undefined ? undefined : counted(named)
  const general = policyOf(router.section("retry_policy"), usual)
  const groups = router.section("model_group_retry_policy")
  for (const name of groups.unread()) {
    const policy = policyOf(groups.section(name), usual)
    const model = models.byName.get(name)
    if (!model) router.left("model_group_retry_policy", `there is no model ${JSON.stringify(name)} in the new configuration`)
    else if (policy) model.retry = policy
  }
  if (general) for (const model of models.byName.values()) model.retry ??= general
  return { ...(usual === undefined ? {} : { sameDeploymentRetriesMax: usual }), ...enough(models, usual ?? 0) }
}

/** `num_retries` or `max_retries` of one entry. */
export function retryOf(params: Section): Pick<DeploymentInput, "retry"> {
  const number = params.number("num_retries") ?? params.number("max_retries")
  params.take("max_retries")
  return number === undefined ? {} : { retry: { attempts: counted(number) } }
}

function policyOf(policy: Section, usual: number | undefined): RetryInput | undefined {
  const attempts: Record<string, number> = {}
  for (const kind of policy.unread()) {
    const failures = kinds[kind]
    if (failures === undefined) {
      const instead = kind.startsWith("ContentPolicy")
        ? "contentFallbacks of the model ask another one."
        : "See retry in docs/reference/config.md."
      policy.left(kind, "the same deployment is not asked again after that", instead)
      continue
    }
    const count = policy.number(kind)
    if (count !== undefined) for (const failure of failures) attempts[failure] = counted(count)
  }
  if (Object.keys(attempts).length === 0) return undefined
  const rest = usual ?? defaultLimits.sameDeploymentRetriesMax
  return { attempts: { server: rest, rate_limit: rest, ...Object.fromEntries(others.map((other) => [other, rest])), ...attempts } }
}

/** So that models that stand in still have their turn. */
function enough({ byName }: Models, usual: number): LimitsInput {
  const said = [...byName.values()].flatMap(({ retry, deployments }) => [retry, ...deployments.map((each) => each.retry)])
  const counts = said.flatMap((retry) => (typeof retry?.attempts === "object" ? Object.values(retry.attempts) : (retry?.attempts ?? [])))
  const most = Math.max(usual, ...counts)
  return most > defaultLimits.sameDeploymentRetriesMax ? { attemptsMax: defaultLimits.attemptsMax + most } : {}
}

function counted(number: number): number {
  return Math.min(retriesMax, Math.max(0, Math.round(number)))
}
