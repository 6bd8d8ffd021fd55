// The words of what is passed through: a path with the provider behind it, and what its exchanges need.
import type { Admission, Records } from "../../accounting/index.ts"
import type { Clock, Limits, NewId } from "../../core/index.ts"
import type { Deployment, Upstreams } from "../../inference/index.ts"
import type { CallerIdentity } from "../callers.ts"
import type { ShellLogger } from "../api.ts"

/** Where requests below a path go. */
export interface PassThroughRoute {
  /** `/openai` */
  path: string
  methods: readonly string[]
  /** Patterns of what follows the path; null: everything. */
  paths: readonly string[] | null
  /** Whose keys may use it; null: everybody's. */
  projects: readonly string[] | null
  /** Where the provider computes. */
  region: string | null
  /** The provider's address and credentials; no model is asked of it. */
  deployment: Deployment
}

export interface PassThroughDependencies {
  identity: CallerIdentity
  admission: Pick<Admission, "reserve" | "upstream">
  upstreams: Pick<Upstreams, "target">
  records: Pick<Records, "add">
  limits: Limits
  clock: Clock
  newId: NewId
  logger: ShellLogger
}
