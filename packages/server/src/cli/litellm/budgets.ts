// LiteLLM's budgets and rates that stand in its file: of the whole proxy, of end users, of tags, of deployments.
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject } from "../../core/index.ts"
import type { Models } from "./models.ts"
import type { Section } from "./section.ts"

type BudgetInput = NonNullable<ConfigInput["budgets"]>[number]
type RateLimitInput = NonNullable<ConfigInput["rateLimits"]>[number]

const periods: Readonly<Record<string, BudgetInput["per"]>> = {
  "1h": "hour",
  "60m": "hour",
  "1d": "day",
  "24h": "day",
  "7d": "week",
  "1w": "week",
  "30d": "month",
  "31d": "month",
  "28d": "month",
  "1mo": "month",
}

export function budgetsOf(litellm: Section, models: Models): BudgetInput[] {
  const all: (BudgetInput | undefined)[] = [
    budgetOf(litellm, { name: "litellm", for: {}, amount: "max_budget", duration: "budget_duration" }),
    budgetOf(litellm, {
      name: "litellm-end-user",
      for: { user: "*" },
      amount: "max_end_user_budget",
      duration: "end_user_budget_duration",
    }),
    ...tagBudgets(litellm),
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
  const per = length === undefined ? "total" : periods[length]
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

/** Of a model with one deployment it is the model's. */
function deploymentBudgets({ entries, byName }: Models): (BudgetInput | undefined)[] {
  let number = 0
  return [...entries].flatMap(([name, group]) =>
    group.map(({ params }) => {
      if (!params.has("max_budget")) return undefined
      const alone = group.length === 1 && byName.has(name) && !name.includes("*")
      if (alone)
        return budgetOf(params, {
          name: `litellm-model-${(number += 1)}`,
          for: { model: name },
          amount: "max_budget",
          duration: "budget_duration",
        })
      params.take("max_budget")
      params.take("budget_duration")
      params.left(
        "max_budget",
        "budgets are for models, not for one deployment of several",
        "Make it a model of its own, with a budget for that, and a fallback.",
      )
      return undefined
    }),
  )
}

export function rateLimitsOf(general: Section): RateLimitInput[] {
  const concurrent = general.count("global_max_parallel_requests")
  return concurrent === undefined ? [] : [{ name: "litellm-global", concurrent: Math.min(concurrent, 1_000_000) }]
}
