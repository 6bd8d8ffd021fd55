// LiteLLM's budgets and rates that stand in its file: of the whole proxy, of end users, of tags, of providers and deployments.
import { liteLlmBudgetPeriods } from "@perdure/contract"
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject } from "../../core/index.ts"
import type { Models } from "./models.ts"
import type { Providers } from "./providers.ts"
import type { Section } from "./section.ts"

type BudgetInput = NonNullable<ConfigInput["budgets"]>[number]
type RateLimitInput = NonNullable<ConfigInput["rateLimits"]>[number]

export interface BudgetSections {
  litellm: Section
  router: Section
  models: Models
  providers: Providers
}

export function budgetsOf({ litellm, router, models, providers }: BudgetSections): BudgetInput[] {
  const all: (BudgetInput | undefined)[] = [
    budgetOf(litellm, { name: "litellm", for: {}, amount: "max_budget", duration: "budget_duration" }),
    budgetOf(litellm, {
      name: "litellm-end-user",
      for: { user: "*" },
      amount: "max_end_user_budget",
      duration: "end_user_budget_duration",
    }),
    ...tagBudgets(litellm),
    ...providerBudgets(router, providers),
    ...deploymentBudgets(models),
  ]
  return all.filter((budget) => budget !== undefined)
}

interface BudgetPlace {
  name: string
  for: NonNullable<BudgetInput["for"]>
  amount: string
  duration: string
}

function budgetOf(section: Section, { name, for: scope, amount, duration }: BudgetPlace): BudgetInput | undefined {
  const usd = section.number(amount)
  const length = section.text(duration)
  if (usd === undefined) return undefined
  const per = length === undefined ? "total" : liteLlmBudgetPeriods[length]
  if (per === undefined) {
    section.left(
      duration,
      `there is no window of ${JSON.stringify(length)}: budgets are per hour, day, week, month, or total`,
      "Add a budget with one of them.",
    )
    return undefined
  }
  if (usd <= 0 || usd > 1_000_000_000) {
    section.left(amount, "it is no amount of money that a budget may have")
    return undefined
  }
  if (length !== undefined && per !== "total") section.differs(duration, "windows begin with the hour, day, week (Monday) or month, in UTC")
  return { name, for: scope, per, usd }
}

function tagBudgets(litellm: Section): (BudgetInput | undefined)[] {
  const tags = litellm.section("tag_budget_config")
  return tags.unread().map((tag, index) => {
    const duration = isJsonObject(tags.value[tag]) && tags.value[tag]["time_period"] !== undefined ? "time_period" : "budget_duration"
    const amount = duration === "time_period" ? "budget_limit" : "max_budget"
    return budgetOf(tags.section(tag), { name: `litellm-tag-${index + 1}`, for: { tag }, amount, duration })
  })
}

/** LiteLLM's word for a provider stands for all accounts and addresses of it, which share the budget here too. */
function providerBudgets(router: Section, providers: Providers): (BudgetInput | undefined)[] {
  const section = router.section("provider_budget_config")
  return section.unread().map((prefix, index) => {
    const names = providers.namesOf(prefix)
    const [first] = names
    const own = section.section(prefix)
    if (first === undefined) {
      section.left(prefix, "no model of the list is served by that provider", "Add a budget for: { provider: … } once there is one.")
      return undefined
    }
    const [amount, duration] = [
      own.has("budget_limit") ? "budget_limit" : "max_budget",
      own.has("time_period") ? "time_period" : "budget_duration",
    ]
    return budgetOf(own, { name: `litellm-provider-${index + 1}`, for: { provider: names.length === 1 ? first : names }, amount, duration })
  })
}

/** One that is used up is passed over, as in LiteLLM. */
function deploymentBudgets({ entries }: Models): (BudgetInput | undefined)[] {
  const ids = new Set<string>()
  return [...entries].flatMap(([name, group]) =>
    group.map(({ params, deployments }) => {
      if (!params.has("max_budget")) return undefined
      const [first] = deployments
      const id = first && `${first.provider}/${first.model}`
      const why =
        id === undefined || name.includes("*") || deployments.length > 1
          ? "budgets are for one deployment or for all of a provider, not for those that a pattern makes or an entry has several of"
          : ids.has(id)
            ? "another entry of the same provider and model has a budget, and here they are one deployment"
            : undefined
      if (id !== undefined && why === undefined) {
        ids.add(id)
        const budget = {
          name: `litellm-deployment-${ids.size}`,
          for: { deployment: id },
          amount: "max_budget",
          duration: "budget_duration",
        }
        return budgetOf(params, budget)
      }
      params.take("max_budget")
      params.take("budget_duration")
      // Why an entry is left out as a whole has been said.
      if (why !== undefined && id !== undefined) params.left("max_budget", why, "Add a budget for: { provider: … } or { deployment: … }.")
      return undefined
    }),
  )
}

export function rateLimitsOf(general: Section): RateLimitInput[] {
  const concurrent = general.count("global_max_parallel_requests")
  return concurrent === undefined ? [] : [{ name: "litellm-global", concurrent: Math.min(concurrent, 1_000_000) }]
}
