// The key routes of LiteLLM's admin API: the same keys, rights, gate and records as those of Perdure's own.
import {
  liteLlmKeyDeleteSchema,
  liteLlmKeyGenerateSchema,
  liteLlmKeyInfoQuerySchema,
  liteLlmKeyListQuerySchema,
  liteLlmKeyNamedSchema,
  liteLlmKeyRegenerateSchema,
  liteLlmKeysInfoRequestSchema,
  liteLlmKeyUpdateSchema,
  type ApiKey,
  type LiteLlmKey,
  type LiteLlmKeyFields,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import type { ReadSpend } from "../../accounting/index.ts"
import { AppError, type JsonObject } from "../../core/index.ts"
import type { KeyAdmin, KeyLookup } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "../perdure/answer.ts"
import { changing, type ChangingOptions } from "../perdure/changing.ts"
import { tellingUnpassed, type PassedPaths } from "../perdure/unpassed.ts"
import { checked, readBody, readJsonObject, readQuery } from "../request-body.ts"
import { momentAfter } from "./durations.ts"
import { shownKey, spendSince } from "./key-answer.ts"
import { aliasedKey, namedKey, requireFreeAlias } from "./key-names.ts"
import { patchOf, settingsOf } from "./key-request.ts"
import { withoutRefused } from "./refused-fields.ts"

export interface LiteLlmKeyOptions extends ChangingOptions {
  identity: KeyAdmin & KeyLookup
  passThrough: PassedPaths
  readSpend: Pick<ReadSpend, "ofKeys">
}

type At = Context<HttpEnv>

const pageRowsDefault = 10

export function liteLlmKeyRoutes(options: LiteLlmKeyOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.post("/key/generate", (context) => generate(options, context))
  routes.get("/key/info", (context) => info(options, context))
  routes.post("/v2/key/info", (context) => infos(options, context))
  routes.get("/key/list", (context) => list(options, context))
  routes.post("/key/update", async (context) => {
    const { key, ...fields } = checked(liteLlmKeyUpdateSchema, withoutRefused(await readJsonObject(context), ["key"]))
    return update(options, context, key, fields)
  })
  routes.post("/key/delete", (context) => remove(options, context))
  routes.post("/key/regenerate", (context) => regenerate(options, context))
  routes.post("/key/:key/regenerate", (context) => regenerate(options, context))
  for (const [path, blocked] of [
    ["/key/block", true],
    ["/key/unblock", false],
  ] as const) {
    routes.post(path, async (context) => update(options, context, (await readBody(context, liteLlmKeyNamedSchema)).key, { blocked }))
  }
  return routes
}

async function generate(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  return createdKey(options, context, checked(liteLlmKeyGenerateSchema, withoutRefused(await readJsonObject(context))))
}

/** `more` is told with the key. */
export function createdKey(options: LiteLlmKeyOptions, context: At, body: LiteLlmKeyFields, more: JsonObject = {}): Promise<Response> {
  const { identity, clock } = options
  const { name, settings } = settingsOf(body, clock.now())
  return changing(options, context, { ...keyChange, name: "key.create", target: "new" }, async () => {
    const principal = context.get("principal")
    await requireFreeAlias(identity, principal, body.key_alias)
    const { secret, ...key } = await identity.createKey(principal.projectId, name, settings, principal)
    const made = answer({ ...shownKey(key, 0, clock.now()), ...more, key: secret })
    return { answer: tellingUnpassed(made, key, options.passThrough), data: { keyId: key.id } }
  })
}

const keyChange = { kind: "key", action: "keys.manage" } as const

async function info(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  const principal = context.get("principal")
  const { key: named } = readQuery(context, liteLlmKeyInfoQuerySchema)
  const key = await namedKey(options.identity, principal, named ?? principal.id)
  return answer({ key: key.id, info: await shownWithSpend(options, key, principal.projectId) })
}

/** All of them, or none where one is not there. */
async function infos(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  const principal = context.get("principal")
  const { keys: named } = await readBody(context, liteLlmKeysInfoRequestSchema)
  const keys: ApiKey[] = []
  for (const text of named ?? [principal.id]) keys.push(await namedKey(options.identity, principal, text, "keys"))
  return answer({ key: keys.map(({ id }) => id), info: await allShown(options, principal.projectId, keys) })
}

async function list(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  const query = readQuery(context, liteLlmKeyListQuerySchema)
  const { page = 1, size = pageRowsDefault, user_id: user, key_alias: name, key_hash: id } = query
  const principal = context.get("principal")
  const tags = (["team", "organization", "project"] as const).flatMap((group) => {
    const value = query[`${group}_id`]
    return value === undefined ? [] : [`${group}:${value}`]
  })
  const filter = { id, name, user, ...(tags.length > 0 && { tags }), offset: (page - 1) * size, limit: size }
  const { keys, total } = await options.identity.keyPage(principal.projectId, filter, principal)
  const isFull = query.return_full_object?.toLowerCase() === "true"
  return answer({
    keys: isFull ? await allShown(options, principal.projectId, keys) : keys.map((key) => key.id),
    total_count: total,
    current_page: page,
    total_pages: Math.ceil(total / size),
  })
}

async function update(options: LiteLlmKeyOptions, context: At, named: string, fields: LiteLlmKeyFields): Promise<Response> {
  const { identity } = options
  const principal = context.get("principal")
  const before = await namedKey(identity, principal, named)
  return changing(options, context, { ...keyChange, name: "key.update", target: before.id }, async () => {
    const key = await changed(options, context, before, fields)
    const shown = await shownWithSpend(options, key, principal.projectId)
    const told = tellingUnpassed(answer({ ...shown, key: key.id }), key, options.passThrough)
    return { answer: told, data: { keyId: key.id, changed: Object.keys(fields) } }
  })
}

async function changed({ identity, clock }: LiteLlmKeyOptions, context: At, before: ApiKey, fields: LiteLlmKeyFields): Promise<ApiKey> {
  const principal = context.get("principal")
  if (fields.key_alias !== before.name) await requireFreeAlias(identity, principal, fields.key_alias)
  return identity.updateKey(principal.projectId, before.id, patchOf(fields, before, clock.now()), principal)
}

async function regenerate(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  const { identity } = options
  const principal = context.get("principal")
  const sent = withoutRefused(await readJsonObject(context, { emptyAllowed: true }), ["key"])
  const { key: inBody, grace_period: grace, ...fields } = checked(liteLlmKeyRegenerateSchema, sent)
  const named = context.req.param("key") ?? inBody
  if (named === undefined)
    throw new AppError("missing_required_parameter", `"key" is missing`, { param: "key", hint: "Give the key or its id." })
  const before = await namedKey(identity, principal, named)
  const overlapMs = typeof grace === "string" ? momentAfter(0, grace) : 0
  if (overlapMs > overlapMsMax)
    throw new AppError("invalid_request", `"grace_period" is "${grace}", and an old secret works for at most 30 days more`, {
      param: "grace_period",
    })
  return changing(options, context, { ...keyChange, name: "key.rotate", target: before.id }, async () => {
    if (Object.keys(fields).length > 0) await changed(options, context, before, fields)
    const { secret, ...key } = await identity.rotateKey(principal.projectId, before.id, { overlapMs }, principal)
    const shown = await shownWithSpend(options, key, principal.projectId)
    return { answer: answer({ ...shown, key: secret }), data: { keyId: key.id, oldSecretsUntil: key.oldSecretsUntil } }
  })
}

const overlapMsMax = 30 * 24 * 60 * 60_000

/** None is revoked where one of them is not there. */
async function remove(options: LiteLlmKeyOptions, context: At): Promise<Response> {
  const { identity } = options
  const principal = context.get("principal")
  const { keys, key_aliases: aliases } = await readBody(context, liteLlmKeyDeleteSchema)
  const found: { key: ApiKey; told: string }[] = []
  for (const named of keys ?? []) found.push({ key: await namedKey(identity, principal, named, "keys"), told: named })
  for (const alias of aliases ?? []) {
    const key = await aliasedKey(identity, principal, alias)
    found.push({ key, told: key.id })
  }
  const ids = [...new Set(found.map(({ key }) => key.id))]
  for (const id of ids) await revoke(options, context, id)
  return answer({ deleted_keys: found.map(({ told }) => told) } satisfies JsonObject)
}

async function revoke(options: LiteLlmKeyOptions, context: At, id: string): Promise<void> {
  const principal = context.get("principal")
  await changing(options, context, { ...keyChange, name: "key.revoke", target: id }, async () => {
    await options.identity.revokeKey(principal.projectId, id, principal)
    return { answer: answer({}), data: { keyId: id } }
  })
}

async function shownWithSpend(options: LiteLlmKeyOptions, key: ApiKey, projectId: string): Promise<LiteLlmKey> {
  return (await allShown(options, projectId, [key]))[0] as LiteLlmKey // one for one
}

export async function allShown({ readSpend, clock }: LiteLlmKeyOptions, projectId: string, keys: readonly ApiKey[]): Promise<LiteLlmKey[]> {
  const now = clock.now()
  const spent = await readSpend.ofKeys(
    projectId,
    keys.map((key) => ({ keyId: key.id, since: spendSince(key, now) })),
  )
  return keys.map((key) => shownKey(key, spent.get(key.id) ?? 0, now))
}
