// Public face of tools: declaring them, the registry, and the gate that alone runs them.
export {
  defineTool,
  withExecutor,
  type JsonSchemaToolOptions,
  type Tool,
  type ToolExecutor,
  type ToolRunContext,
  type ZodToolOptions,
} from "./tool.ts"
export { createToolRegistry, type ToolRegistry } from "./registry.ts"
export { createArgumentChecker, type CheckedArguments } from "./arguments.ts"
export { createToolGate, type CallTool, type ToolCall, type ToolGateOptions, type ToolOutcome } from "./gate.ts"
