// The words of identity and of the gate: principals, what may be asked of the gate, and its decisions.
import type { KeyLimits } from "@perdure/contract"
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

/** Keys live in memory and are kept fresh by NOTIFY; authenticating is synchronous and touches no database. */
export interface Identity extends AsyncDisposable {
  /** From `Authorization: Bearer …` or `x-api-key` (keys), or the session cookie (dashboard; unsafe methods also need `x-perdure-csrf`). */
  authenticate(headers: RequestHeaders, method: string): Principal | undefined
  createKey(projectId: string, name: string): Promise<{ id: string; name: string; secret: string }>
  listKeys(projectId: string): Promise<ApiKey[]>
  revokeKey(projectId: string, keyId: string): Promise<boolean>
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

export interface ApiKey {
  id: string
  name: string
  /** First characters of the key, to recognise it by. */
  hint: string
  createdAt: number
  revokedAt: number | null
}

/** What every side effect asks before it happens. */
export interface GateRequest {
  projectId: string
  principal: string
  /** `tool.call` runs a tool here · `memory.write` · `memory.delete` · `file.write` · `outbound` opens an address · `process.start`. */
  action: "tool.call" | "tool.read" | "memory.write" | "memory.delete" | "file.write" | "outbound" | "process.start"
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
