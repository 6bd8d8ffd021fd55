// Which key a request means: a secret, an id or an alias. Neither is told again where there is none: it may be somebody's secret.
import type { ApiKey } from "@perdure/contract"
import { AppError } from "../../core/index.ts"
import type { KeyAdmin, KeyLookup, Principal } from "../../security/index.ts"

type Identity = Pick<KeyAdmin, "getKey"> & KeyLookup

/** `text` is a secret of it, or its id. */
export async function namedKey(identity: Identity, principal: Principal, text: string, param = "key"): Promise<ApiKey> {
  const { projectId } = principal
  const isId = text.startsWith("key_")
  const key = isId ? await identity.getKey(projectId, text, principal) : await identity.keyOfSecret(projectId, text, principal)
  if (key !== undefined && key.state !== "revoked") return key
  throw new AppError("not_found", isId ? "there is no live key of that id" : "there is no live key with that secret", {
    param,
    hint: "Give a key that this server made, or its id: GET /key/list lists them. Keys of LiteLLM's own database do not come along.",
  })
}

export async function aliasedKey(identity: KeyLookup, principal: Principal, alias: string): Promise<ApiKey> {
  const { keys, total } = await identity.keyPage(principal.projectId, { name: alias, offset: 0, limit: 1 }, principal)
  const [key] = keys
  if (key !== undefined && total === 1) return key
  const message = total === 0 ? "there is no live key of that alias" : `${total} keys have that alias`
  throw new AppError(total === 0 ? "not_found" : "invalid_request", message, { param: "key_aliases", hint: "Give its id in keys instead." })
}

/** Names may be given twice over Perdure's own API, and not here. */
export async function requireFreeAlias(identity: KeyLookup, principal: Principal, alias: string | null | undefined): Promise<void> {
  if (alias === null || alias === undefined) return
  const { total } = await identity.keyPage(principal.projectId, { name: alias, offset: 0, limit: 1 }, principal)
  if (total === 0) return
  throw new AppError("invalid_request", `a key with the alias "${alias}" exists already`, {
    param: "key_alias",
    hint: "Give another one, or change that key with POST /key/update.",
  })
}
