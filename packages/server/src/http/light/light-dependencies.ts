// What calls of the hot routes need from outside, constructed once.
import type { Admission, Prices, Records } from "../../accounting/index.ts"
import type { Attachments, CompactMessages } from "../../agents/index.ts"
import type { Clock, Limits, NewId } from "../../core/index.ts"
import type { Models, Natives, Pool, Upstreams } from "../../inference/index.ts"
import type { Guards } from "../../security/index.ts"
import type { ShellLogger } from "../api.ts"
import type { CallMemories } from "../memory/call-memories.ts"
import type { RequestShaping } from "../prompts/shape.ts"
import type { ModelCache } from "./prepare.ts"
import type { RefusedBetas } from "./refused-betas.ts"
import type { Sweep } from "./sweep.ts"

export interface LightRunDependencies {
  models: Pick<Models, "require" | "list">
  pool: Pick<Pool, "plan">
  admission: Pick<Admission, "reserve" | "upstream">
  upstreams: Upstreams
  natives: Natives
  records: Pick<Records, "add">
  prices: Pick<Prices, "priceOf">
  limits: Limits
  clock: Clock
  newId: NewId
  logger: ShellLogger
  sweep: Sweep
  refusedBetas: RefusedBetas
  guards?: Guards
  cache?: ModelCache
  shaping?: RequestShaping
  memories?: CallMemories
  /** Summarises what a request wants compacted before it is answered. */
  compactMessages?: CompactMessages
  /** Reads files of this server that requests name by their ids. */
  attachments?: Attachments
}
