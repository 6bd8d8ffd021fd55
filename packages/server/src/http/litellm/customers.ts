// Customers of LiteLLM's admin API: the end users that requests name. Nothing is stored of one but what it was served; what binds one is configured.
import { liteLlmCustomerInfoQuerySchema, liteLlmCustomerNewSchema, type LimitStatus } from "@perdure/contract"
import { Hono, type Context } from "hono"
import { usageGroupsMax } from "../../accounting/index.ts"
import { AppError, type Clock } from "../../core/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "../perdure/answer.ts"
import type { LimitRoutesOptions } from "../perdure/limits.ts"
import type { ReadUsage } from "../perdure/usage.ts"
import { checked, readJsonObject, readQuery } from "../request-body.ts"
import { durationOf } from "./durations.ts"
import { spentIn } from "./people.ts"
import { refusedCustomerFields, withoutRefused } from "./refused-fields.ts"

export interface LiteLlmCustomerOptions extends LimitRoutesOptions {
  readUsage: ReadUsage
  clock: Clock
}

type At = Context<HttpEnv>

const microUsdPerUsd = 1_000_000

export function liteLlmCustomerRoutes(options: LiteLlmCustomerOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/customer/new", (context) => newCustomer(options, context))
  routes.get("/customer/info", async (context) => {
    const { end_user_id: user } = readQuery(context, liteLlmCustomerInfoQuerySchema)
    return answer(await shownCustomer(options, context, { user, param: "end_user_id" }))
  })
  routes.get("/customer/list", (context) => list(options, context))
  return routes
}

/** A customer is there once a request names it: this only says what is known of the name. */
async function newCustomer(options: LiteLlmCustomerOptions, context: At): Promise<Response> {
  const body = checked(liteLlmCustomerNewSchema, withoutRefused(await readJsonObject(context), [], refusedCustomerFields))
  const response = answer(await shownCustomer(options, context, { user: body.user_id, param: "user_id" }))
  if (typeof body.alias === "string" && body.alias !== body.user_id) response.headers.set("x-perdure-not-kept", "alias")
  return response
}

async function shownCustomer(
  options: LiteLlmCustomerOptions,
  context: At,
  { user, param }: { user: string; param: string },
): Promise<object> {
  const { id, name, projectId, user: own } = context.get("principal")
  if (own !== null && own !== user)
    throw new AppError("permission_denied", `the key "${name}" acts for one user, and is told of nobody else`, { param })
  const caller = { projectId, principalId: id, keyLimits: null, user, tags: [], seesAllKeys: false }
  const budget = budgetOf(await options.readLimits(caller), user)
  return { ...customer(user, await spentIn(options, { projectId, user, tag: undefined })), litellm_budget_table: budget }
}

/** Nobody is blocked by a name alone. */
function customer(user: string, spend: number): object {
  return { user_id: user, blocked: false, alias: null, spend, allowed_model_region: null, default_model: null }
}

/** The smallest amount of money that binds all that is done for that user; null where there is none. */
function budgetOf(limits: readonly LimitStatus[], user: string): object | null {
  const own = limits.filter(({ unit, scope }) => unit === "microUsd" && scope.user === user && ofUserAlone(scope))
  const [hard] = own.filter(({ enforced }) => enforced).toSorted((a, b) => a.limit - b.limit)
  const [soft] = own.filter(({ enforced }) => !enforced).toSorted((a, b) => a.limit - b.limit)
  const shown = hard ?? soft
  if (shown === undefined) return null
  const { per, resetsAt } = shown
  return {
    max_budget: hard ? hard.limit / microUsdPerUsd : null,
    soft_budget: soft ? soft.limit / microUsdPerUsd : null,
    budget_duration: per === null || per === "second" || per === "minute" ? null : durationOf(per, undefined),
    budget_reset_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
  }
}

function ofUserAlone({ key, model, tag, provider, deployment }: LimitStatus["scope"]): boolean {
  return [key, model, tag, provider, deployment].every((part) => part === null)
}

async function list({ readUsage, clock }: LiteLlmCustomerOptions, context: At): Promise<Response> {
  const { projectId, user } = context.get("principal")
  const range = { projectId, user, since: 0, until: clock.now() + 1, tag: undefined, metadata: undefined }
  const rows = await readUsage({ ...range, groupBy: "user", interval: null })
  if (rows.length >= usageGroupsMax)
    throw new AppError("invalid_request", `there are ${usageGroupsMax} or more customers`, {
      hint: "Read GET /v1/usage?groupBy=user for one range of time after the other, or GET /customer/info for one of them.",
    })
  return answer(rows.filter(({ group }) => group !== "").map(({ group, costMicroUsd }) => customer(group, costMicroUsd / microUsdPerUsd)))
}
