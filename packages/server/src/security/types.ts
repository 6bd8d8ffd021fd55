// The words of identity and of the gate: principals, what may be asked of the gate, and its decisions.
import type { ApiKey, ApiKeyCreateRequest, ApiKeyListQuery, ApiKeyRotateRequest, ApiKeyUpdateRequest, KeyLimits } from "@perdure/contract"
import type { JsonObject } from "../core/index.ts"
import type { Label } from "./labels.ts"
import type { Scope } from "./scope.ts"

/** Who acts. Derived from authentication, never from a request's body. */
export interface Principal {
  /** `key_…` for API keys, `user:admin` for a signed-in dashboard user. */
  id: string
  projectId: string
  kind: "key" | "session"
  name: string
  /** What the key may reach, compiled; null: every model and endpoint. `requireModel` and `requireEndpoint` ask it. */
  scope: Scope | null
  /** Rates, tokens, money and concurrency of this key; null: none of its own. */
  limits: KeyLimits | null
  /** Names under which its calls are counted, limited and routed, besides its own. */
  tags: readonly string[]
  /** The end user that the key acts for, where it acts for one. */
  user: string | null
}

/** What a new key may be given besides its name. */
export type KeySettings = Omit<ApiKeyCreateRequest, "name">
export type KeyListFilter = ApiKeyListQuery
/** `secret` is the key itself, told this once. */
export type NewKey = ApiKey & { readonly secret: string }

/**
 * Keys of a project. `by` is who asks over the API: a key can only make and change such as have no more rights than itself
 * (`permission_denied` otherwise); without it, and for dashboard sessions, nothing is compared.
 */
export interface KeyAdmin {
  createKey(projectId: string, name: string, settings?: KeySettings, by?: Principal): Promise<NewKey>
  /** Newest first, at most `limit`. */
  listKeys(projectId: string, filter?: KeyListFilter, by?: Principal): Promise<ApiKey[]>
  getKey(projectId: string, keyId: string, by?: Principal): Promise<ApiKey | undefined>
  /** `not_found` for a key that is not there or was revoked. */
  updateKey(projectId: string, keyId: string, patch: ApiKeyUpdateRequest, by?: Principal): Promise<ApiKey>
  /** A new secret; the one until now works for `overlapMs` more, with 0 all earlier ones end at once. */
  rotateKey(projectId: string, keyId: string, request?: ApiKeyRotateRequest, by?: Principal): Promise<NewKey>
  /** False where there was nothing to revoke. */
  revokeKey(projectId: string, keyId: string, by?: Principal): Promise<boolean>
}

/** Which keys of a project are meant, for callers that know secrets, names and places in a list rather than ids; `by` as in `KeyAdmin`. */
export interface KeyLookup {
  /** Also of a key that has expired; undefined for a text that is no secret of a key of that project, or is one that was replaced or revoked. */
  keyOfSecret(projectId: string, secret: string, by?: Principal): Promise<ApiKey | undefined>
  /** Newest first, without revoked ones. `total` counts all that the filter lets through. */
  keyPage(projectId: string, filter: KeyPageFilter, by?: Principal): Promise<{ keys: ApiKey[]; total: number }>
}

export interface KeyPageFilter {
  id?: string | undefined
  /** The whole of it. */
  name?: string | undefined
  user?: string | undefined
  /** All of them. */
  tags?: readonly string[] | undefined
  offset: number
  limit: number
}

export interface ClientSecretGrant {
  readonly model: string
  /** Epoch milliseconds; sessions that were opened before go on. */
  readonly expiresAt: number
  /** Settings that each session begins with. */
  readonly session: JsonObject | null
}

/** Keys live in memory and are kept fresh by NOTIFY; authenticating is synchronous and touches no database. */
export interface Identity extends KeyAdmin, KeyLookup, AsyncDisposable {
  /**
   * From `Authorization: Bearer …` or `x-api-key` (keys, client secrets), or the session cookie (dashboard; unsafe methods also need
   * `x-perdure-csrf`). `begun`: for a connection that is open; a client secret may be older than its time by then.
   */
  authenticate(headers: RequestHeaders, method: string, begun?: boolean): Principal | undefined
  /** Who a key is, for work that goes on without its request; undefined once it was revoked or its time is over, and while it is blocked. */
  principalOf(projectId: string, principalId: string): Principal | undefined
  /** A secret for a browser that opens sessions of one model in the name of that key, for as long as the key is good too. */
  createClientSecret(by: Principal, grant: ClientSecretGrant): string
  /** What was granted with the client secret of a request; undefined where it has none. */
  clientSecretOf(headers: RequestHeaders): ClientSecretGrant | undefined
  /** Who a live key is, by its id: for work that goes on after the request. */
  principalOfKey(keyId: string): Principal | undefined
  /** When the key of a request stopped working because its time was over; undefined where that is not why it is refused. */
  expiredAt(headers: RequestHeaders): number | undefined
  /** The key of a request is refused until it is unblocked. */
  isBlocked(headers: RequestHeaders): boolean
  /** A token that can be exchanged once, within its life, for a dashboard session. */
  createLoginToken(projectId: string): string
  /** The value of `set-cookie` and the CSRF token, or undefined for an unknown, used or expired token. */
  exchangeLoginToken(token: string): Promise<{ setCookie: string; csrf: string } | undefined>
  csrfOf(headers: RequestHeaders): string | undefined
}

export interface RequestHeaders {
  authorization?: string | undefined
  cookie?: string | undefined
  "x-api-key"?: string | string[] | undefined
  "x-perdure-csrf"?: string | string[] | undefined
}

/** What every side effect asks before it happens. */
export interface GateRequest {
  projectId: string
  principal: string
  /** `tool.call` runs a tool here · `memory.write` · `memory.delete` · `memories.erase` · `memory.manage` looks after scopes · `file.write` · `conversation.write` · `keys.manage` · `prompts.manage` · `experiments.manage` · `outbound` opens an address · `process.start`. */
  action:
    | "tool.call"
    | "tool.read"
    | "memory.write"
    | "memory.delete"
    | "memories.erase"
    | "memory.manage"
    | "file.write"
    | "conversation.write"
    | "keys.manage"
    | "prompts.manage"
    | "experiments.manage"
    | "outbound"
    | "process.start"
  /** The tool's name, the memory scope, `host:port`, the command. */
  target: string
  /** Join of everything that influenced the request. */
  label: Label
  runId: string | null
}

/** The gate's answer; written as an event `gate.decided` (or into the record of a light run). */
export interface GateDecision {
  allowed: boolean
  /** The grant or rule that decided: `grants[2]`, `default deny`, `taint`. */
  rule: string
  reason: string
  request: GateRequest
}

export interface Grant {
  /** Principal id, `*` for every principal. */
  to: string
  /** `action:target`, each part may be `*` or end in `*`. */
  allow: readonly string[]
  /** Lowest integrity that the request's label may have; 0 when absent. */
  integrityMin?: 0 | 1 | 2 | 3
  /** Where it was declared: `perdure.yaml:12`, `default`. */
  origin: string
}

export interface Gate {
  decide(request: GateRequest): GateDecision
  /** As `decide`, but a refusal is thrown as `policy_denied` that names the rule and the grant that would allow it. */
  require(request: GateRequest): GateDecision
}
