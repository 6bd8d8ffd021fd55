// The spend routes of LiteLLM's admin API: what calls cost, call by call, by day, by tag, by team, customer or key.
import { liteLlmSpendLogsQuerySchema, liteLlmSpendRangeQuerySchema, liteLlmSpendReportQuerySchema } from "@perdure/contract"
import { Hono, type Context } from "hono"
import { usageGroupsMax, type ReadSpend, type SpendFilter } from "../../accounting/index.ts"
import { AppError, type Clock } from "../../core/index.ts"
import type { KeyAdmin, KeyLookup } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "../perdure/answer.ts"
import type { ReadUsage } from "../perdure/usage.ts"
import { readQuery } from "../request-body.ts"
import { namedKey } from "./key-names.ts"
import { byDay, logOf, reportOf } from "./spend-answer.ts"
import { rangeOf } from "./spend-range.ts"

export interface LiteLlmSpendOptions {
  identity: KeyAdmin & KeyLookup
  readSpend: ReadSpend
  readUsage: ReadUsage
  clock: Clock
}

type At = Context<HttpEnv>

const logRowsMax = 1_000
const cellsMax = 20_000
const microUsdPerUsd = 1_000_000

export function liteLlmSpendRoutes(options: LiteLlmSpendOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/spend/logs", (context) => logs(options, context))
  routes.get("/spend/tags", (context) => tags(options, context))
  routes.get("/global/spend/report", (context) => report(options, context))
  return routes
}

async function logs(options: LiteLlmSpendOptions, context: At): Promise<Response> {
  const { readSpend, clock } = options
  const { projectId } = context.get("principal")
  const { api_key: key, user_id: user, request_id: id, before, summarize, ...days } = readQuery(context, liteLlmSpendLogsQuerySchema)
  const filter = { ...rangeOf(days, clock.now()), ...(await whose(options, context, key, user)) }
  const isByDay = days.start_date !== undefined && summarize?.toLowerCase() !== "false" && id === undefined && before === undefined
  if (isByDay) return answer(byDay(within(await readSpend.cells(projectId, filter, cellsMax + 1))))
  const rows = await readSpend.calls(projectId, { ...filter, id: id?.replace(/^(?:req|resp)_/, "run_"), before, limit: logRowsMax + 1 })
  const page = rows.slice(0, logRowsMax)
  const response = answer(page.map(logOf))
  if (rows.length > logRowsMax) response.headers.set("x-perdure-next", page.at(-1)?.id ?? "")
  return response
}

/** A key that acts for a user is told of its calls alone. */
async function whose(
  { identity }: LiteLlmSpendOptions,
  context: At,
  key: string | undefined,
  user: string | undefined,
): Promise<Pick<SpendFilter, "keyId" | "user">> {
  const principal = context.get("principal")
  if (principal.user !== null && user !== undefined && user !== principal.user)
    throw new AppError("permission_denied", `the key "${principal.name}" acts for one user, and is told of nobody else's calls`, {
      param: "user_id",
    })
  // The calls of a key that was revoked stay.
  const keyId = key === undefined || key.startsWith("key_") ? key : (await namedKey(identity, principal, key, "api_key")).id
  return { keyId, user: principal.user ?? user }
}

async function tags({ readUsage, clock }: LiteLlmSpendOptions, context: At): Promise<Response> {
  const { projectId, user } = context.get("principal")
  const { since, until } = rangeOf(readQuery(context, liteLlmSpendRangeQuerySchema), clock.now())
  const rows = await readUsage({ projectId, user, since, until, tag: undefined, metadata: undefined, groupBy: "tag", interval: null })
  if (rows.length >= usageGroupsMax) throw tooMany(usageGroupsMax, "tags")
  const named = rows.filter(({ group }) => group !== "")
  return answer(
    named.map(({ group, runs, costMicroUsd }) => ({
      individual_request_tag: group,
      log_count: runs,
      total_spend: costMicroUsd / microUsdPerUsd,
    })),
  )
}

async function report(options: LiteLlmSpendOptions, context: At): Promise<Response> {
  const query = readQuery(context, liteLlmSpendReportQuerySchema)
  const { group_by: groupBy = "team", api_key: key, internal_user_id: user, team_id: team, ...days } = query
  const filter = { ...rangeOf(days, options.clock.now()), ...(await whose(options, context, key, user)) }
  const cells = within(await options.readSpend.cells(context.get("principal").projectId, filter, cellsMax + 1))
  return answer(reportOf(team === undefined ? cells : cells.filter((cell) => cell.team === team), groupBy))
}

/** Sums that left something out would be wrong. */
function within<T>(cells: readonly T[]): readonly T[] {
  if (cells.length <= cellsMax) return cells
  throw tooMany(cellsMax, "days, keys, users and models together")
}

function tooMany(max: number, what: string): AppError {
  return new AppError("invalid_request", `the range has ${max} or more ${what}`, {
    param: "start_date",
    hint: "Ask for fewer days, or read GET /v1/usage.",
  })
}
