// Public face of the run kernel.
export type {
  CancelOutcome,
  DoubtResolution,
  Effect,
  EmitOptions,
  Run,
  RunContext,
  RunDefinition,
  RunEnding,
  RunError,
  RunEvent,
  RunFilter,
  Runs,
  RunStatus,
  RunSummary,
  RunUsage,
  StartRun,
  StepContext,
  StepOptions,
  Verified,
} from "./types.ts"
export { createRuns, type RunsOptions } from "./runs.ts"
export { experimentIn } from "./rows.ts"
export { defineWorkflow, type WorkflowContext, type WorkflowDefinition } from "./workflow.ts"
export { StepError } from "./step-error.ts"
export { keyedRunIds } from "./keyed-run-id.ts"
