// Users and teams of LiteLLM's admin API: here a user is a name that keys act for, and a team is a tag of keys; neither is stored by itself.
import { randomUUID } from "node:crypto"
import {
  liteLlmTeamInfoQuerySchema,
  liteLlmTeamNewSchema,
  liteLlmUserInfoQuerySchema,
  liteLlmUserNewSchema,
  liteLlmUserUpdateSchema,
  type ApiKey,
  type ApiKeyUpdateRequest,
  type LiteLlmKey,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import { AppError, type JsonObject } from "../../core/index.ts"
import type { Principal } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "../perdure/answer.ts"
import { changing } from "../perdure/changing.ts"
import type { ReadUsage } from "../perdure/usage.ts"
import { checked, readJsonObject, readQuery } from "../request-body.ts"
import { allShown, createdKey, type LiteLlmKeyOptions } from "./keys.ts"
import { refusedTeamFields, refusedUserFields, refusedUserUpdateFields, withoutRefused } from "./refused-fields.ts"

export interface LiteLlmPeopleOptions extends LiteLlmKeyOptions {
  readUsage: ReadUsage
}

type At = Context<HttpEnv>

const keysMax = 100
const microUsdPerUsd = 1_000_000

export function liteLlmPeopleRoutes(options: LiteLlmPeopleOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/user/new", (context) => newUser(options, context))
  routes.post("/user/update", (context) => updateUser(options, context))
  routes.get("/user/info", (context) => userInfo(options, context))
  routes.post("/team/new", (context) => newTeam(context))
  routes.get("/team/info", (context) => teamInfo(options, context))
  return routes
}

/** A user is there once a key acts for it. */
async function newUser(options: LiteLlmPeopleOptions, context: At): Promise<Response> {
  const body = checked(liteLlmUserNewSchema, withoutRefused(await readJsonObject(context), [], refusedUserFields))
  const { user_id: given, user_email: email, user_alias: alias, user_role: role, auto_create_key: wantsKey, teams, ...rest } = body
  const userId = given ?? randomUUID()
  const told = {
    user_id: userId,
    user_email: email ?? null,
    user_alias: alias ?? null,
    user_role: role ?? "internal_user",
    teams: teams ?? [],
  }
  if (wantsKey === false) return answer({ ...told, max_budget: null, models: [], spend: 0 })
  const about = { ...(email ? { user_email: email } : {}), ...(alias ? { user_alias: alias } : {}) }
  const fields = { ...rest, user_id: userId, team_id: rest.team_id ?? teams?.[0], metadata: { ...rest.metadata, ...about } }
  return createdKey(options, context, fields, told)
}

/** What is known of a user stands with each of its keys. */
async function updateUser(options: LiteLlmPeopleOptions, context: At): Promise<Response> {
  const body = checked(liteLlmUserUpdateSchema, withoutRefused(await readJsonObject(context), [], refusedUserUpdateFields))
  const { user_id: userId, user_role: _role, ...about } = body
  const ids = await allKeysOf(options, context.get("principal"), userId)
  if (ids.length === 0)
    throw new AppError("not_found", "no key acts for that user", {
      param: "user_id",
      hint: "A user is there once a key acts for it: make one with POST /user/new or POST /key/generate.",
    })
  for (const id of ids) await changeMetadata(options, context, id, about)
  return answer({ user_id: userId, data: { user_id: userId, ...about } })
}

async function allKeysOf({ identity }: LiteLlmPeopleOptions, principal: Principal, user: string): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const { keys } = await identity.keyPage(principal.projectId, { user, offset: ids.length, limit: keysMax }, principal)
    ids.push(...keys.map(({ id }) => id))
    if (keys.length < keysMax) return ids
  }
}

/** A merge: null takes away. */
async function changeMetadata(options: LiteLlmPeopleOptions, context: At, id: string, metadata: JsonObject): Promise<void> {
  const principal = context.get("principal")
  await changing(options, context, { kind: "key", action: "keys.manage", name: "key.update", target: id }, async () => {
    await options.identity.updateKey(principal.projectId, id, { metadata } as ApiKeyUpdateRequest, principal) // texts and nulls
    return { answer: answer({}), data: { keyId: id, changed: ["metadata"] } }
  })
}

/** A key that acts for a user reads that user, and of its keys itself. */
async function userInfo(options: LiteLlmPeopleOptions, context: At): Promise<Response> {
  const principal = context.get("principal")
  const { user_id: userId = principal.user } = readQuery(context, liteLlmUserInfoQuerySchema)
  if (userId === null)
    throw new AppError("missing_required_parameter", `"user_id" is missing`, {
      param: "user_id",
      hint: "This key acts for no user: name one.",
    })
  if (principal.user !== null && principal.user !== userId)
    throw new AppError("permission_denied", `the key "${principal.name}" acts for one user, and is told of nobody else`, {
      param: "user_id",
    })
  const keys = principal.user === null ? await keysOf(options, principal, { user: userId }) : await ownKey(options, principal)
  const spend = await spentIn(options, { projectId: principal.projectId, user: userId, tag: undefined })
  const teams = [...new Set(keys.flatMap(({ team_id: team }) => (team === null ? [] : [team])))]
  return answer({ user_id: userId, user_info: { user_id: userId, spend, max_budget: null, models: [], teams }, keys, teams })
}

async function ownKey(options: LiteLlmPeopleOptions, principal: Principal): Promise<LiteLlmKey[]> {
  const key = await options.identity.getKey(principal.projectId, principal.id, principal)
  return allShown(options, principal.projectId, key ? [key] : [])
}

async function keysOf(
  options: LiteLlmPeopleOptions,
  principal: Principal,
  filter: { user?: string; tags?: readonly string[] },
): Promise<LiteLlmKey[]> {
  const { keys }: { keys: ApiKey[] } = await options.identity.keyPage(
    principal.projectId,
    { ...filter, offset: 0, limit: keysMax },
    principal,
  )
  return allShown(options, principal.projectId, keys)
}

/** A team is there once a key has its tag: this only says what that is called. */
async function newTeam(context: At): Promise<Response> {
  const body = checked(liteLlmTeamNewSchema, withoutRefused(await readJsonObject(context), [], refusedTeamFields))
  const { team_id: id, team_alias: alias } = body
  const named = alias !== null && alias !== undefined && idPattern.test(alias) ? alias : undefined
  const teamId = id ?? named ?? randomUUID()
  const response = answer({
    team_id: teamId,
    team_alias: alias ?? null,
    models: [],
    members_with_roles: [],
    max_budget: null,
    spend: 0,
    blocked: false,
  })
  if (alias !== null && alias !== undefined && alias !== teamId) response.headers.set("x-perdure-not-kept", "team_alias")
  return response
}

const idPattern = /^[\w.:/@=-]{1,50}$/

async function teamInfo(options: LiteLlmPeopleOptions, context: At): Promise<Response> {
  const principal = context.get("principal")
  const { team_id: teamId } = readQuery(context, liteLlmTeamInfoQuerySchema)
  const tag = `team:${teamId}`
  const keys = await keysOf(options, principal, { tags: [tag] })
  const spend = await spentIn(options, { projectId: principal.projectId, user: principal.user, tag })
  return answer({
    team_id: teamId,
    team_info: { team_id: teamId, team_alias: null, spend, max_budget: null, models: [], blocked: false },
    keys,
  })
}

/** Dollars, ever. */
export async function spentIn(
  { readUsage, clock }: Pick<LiteLlmPeopleOptions, "readUsage" | "clock">,
  whose: Pick<Parameters<ReadUsage>[0], "projectId" | "user" | "tag">,
): Promise<number> {
  const rows = await readUsage({ ...whose, metadata: undefined, since: 0, until: clock.now() + 1, groupBy: "kind", interval: null })
  return rows.reduce((sum, { costMicroUsd }) => sum + costMicroUsd, 0) / microUsdPerUsd
}
