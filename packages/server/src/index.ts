// Public face of the package for applications: what `import { … } from "perdure"` gives.
export { createPerdure, type Overrides, type Perdure } from "./app/index.ts"
export { defineConfig, loadConfig, type Config, type ConfigInput } from "./config/index.ts"
export { AppError, type JsonObject, type JsonValue } from "./core/index.ts"
export {
  defineWorkflow,
  type Effect,
  type Run,
  type RunEvent,
  type Runs,
  type StepContext,
  type StepOptions,
  type WorkflowContext,
} from "./runs/index.ts"
export { defineGuard, type Guard, type GuardContext, type GuardDefinition, type GuardText } from "./security/index.ts"
export { defineTool, type Tool } from "./tools/index.ts"
