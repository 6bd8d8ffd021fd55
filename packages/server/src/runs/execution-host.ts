// What a loaded run needs from the process that executes it.
import type { RunKind } from "@perdure/contract"
import type { JsonValue, NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import type { Execution } from "./execution.ts"
import type { Left } from "./loaded.ts"
import type { LogHost } from "./run-log.ts"
import type { Run } from "./types.ts"

export interface ExecutionHost extends LogHost {
  readonly store: Store
  readonly newId: NewId
  /** Database time as far as this process knows it. */
  databaseNow(): number
  executorId(): string
  /** Those that were started while the run was being cancelled: whoever cancelled it did not see them. */
  cancelChildren(parent: Run, reason: string): Promise<void>
  startChild(parent: Run, childId: string, request: { kind: RunKind; name: string; input: JsonValue; label: Label }): Promise<void>
  /** The run left this process's memory: ended (then with how), suspended, parked, given back, lost. */
  released(execution: Execution, left: Left): void
  onError(what: string, error: unknown): void
}
