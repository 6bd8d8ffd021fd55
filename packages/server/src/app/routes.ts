// Which routes this server has, each handed the parts that it needs.
import { join } from "node:path"
import type { Hono } from "hono"
import { createLimitReader, createSpendReader, createUsageSummary, type Admission, type Records } from "../accounting/index.ts"
import type { Compact, Responses } from "../agents/index.ts"
import type { Batches } from "../batches/index.ts"
import type { Config } from "../config/index.ts"
import type { ContextServices } from "../context/index.ts"
import type { BackgroundTasks } from "../core/index.ts"
import {
  batchRoutes,
  blockRoutes,
  changeRoutes,
  conversationRoutes,
  createDashboardRoutes,
  createDeploymentRoutes,
  createExperimentRoutes,
  createFeedbackRoutes,
  createKeyRoutes,
  createAlertRoutes,
  createLimitRoutes,
  createLightRuns,
  createPromptRoutes,
  createRunRoutes,
  createUsageRoutes,
  filesRoutes,
  healthRoutes,
  liteLlmRoutes,
  type PassThrough,
  erasureRoutes,
  memoryCurationRoutes,
  mcpRoutes,
  memoryRoutes,
  memoryUpkeepRoutes,
  messageBatchRoutes,
  modelRoutes,
  openApiRoutes,
  realtimePath,
  realtimeRoute,
  realtimeRoutes,
  responseRoutes,
  responsesSocket,
  scopeRoutes,
  stateRoutes,
  uploadRoutes,
  vectorStoreRoutes,
  type CallMemories,
  type HealthOptions,
  type HttpEnv,
  type RequestShaping,
  type ShellLogger,
  type UpgradeRoute,
} from "../http/index.ts"
import type { Experiments, Prompts } from "../inference/index.ts"
import type { Runs } from "../runs/index.ts"
import type { Gate, Guards, Identity } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import type { Inference } from "./inference.ts"
import type { Configuration } from "./reload.ts"
import type { Shared } from "./services.ts"

export interface RouteParts {
  version: string
  store: Store
  identity: Identity
  gate: Gate
  records: Records
  admission: Admission
  runs: Runs
  inference: Inference
  context: ContextServices
  batches: Batches
  prompts: Prompts
  experiments: Experiments
  shaping: RequestShaping
  memories: CallMemories
  responses: Responses
  compact: Compact
  /** Names of the workflows that can be started. */
  workflows: readonly string[]
  tasks: BackgroundTasks
  health: HealthOptions
  configuration: Configuration
  passThrough: PassThrough
}

const dashboardDirectory = join(import.meta.dirname, "..", "..", "assets", "dashboard")

export function routesOf(shared: Shared, config: Config, parts: RouteParts): Hono<HttpEnv>[] {
  const { identity, runs, store } = parts
  const readUsage = createUsageSummary({ store })
  const readLimits = createLimitReader({ ...shared, ...parts })
  return [
    healthRoutes(parts.health),
    openApiRoutes({ version: parts.version }),
    modelRoutes(parts.inference.models),
    createDeploymentRoutes({ ...parts, ...parts.inference }),
    ...contextRoutes(shared, parts),
    realtimeRoutes({ ...shared, identity, models: parts.inference.models }),
    responseRoutes({ ...shared, ...parts, background: (name, work) => parts.tasks.run(name, work) }),
    createRunRoutes({
      ...shared,
      runs,
      workflows: parts.workflows,
      lightRuns: createLightRuns(store),
      onError: (error) => shared.onError("runs", error),
    }),
    createKeyRoutes({ ...recordingOf(shared, parts), ...parts }),
    ...liteLlmRoutes({
      ...recordingOf(shared, parts),
      ...parts,
      ...parts.inference,
      ...parts.health,
      readUsage,
      readLimits,
      readSpend: createSpendReader({ store }),
    }),
    createFeedbackRoutes({ ...shared, store, runs, lightRuns: createLightRuns(store) }),
    createPromptRoutes({ ...recordingOf(shared, parts), prompts: parts.prompts }),
    createExperimentRoutes({ ...recordingOf(shared, parts), store, experiments: parts.experiments }),
    createLimitRoutes({ readLimits }),
    createAlertRoutes({ ...shared, store }),
    createUsageRoutes({ readUsage, clock: shared.clock }),
    ...(config.dashboard.enabled ? [createDashboardRoutes({ identity, directory: dashboardDirectory })] : []),
  ]
}

/** Which paths take a WebSocket. */
export function upgradeRoutesOf(shared: Shared, parts: RouteParts & { guards: Guards; logger: ShellLogger }): Record<string, UpgradeRoute> {
  const background = (name: string, work: () => Promise<unknown>): void => parts.tasks.run(name, work)
  return {
    "/v1/responses": responsesSocket({ ...shared, ...parts, background }),
    [realtimePath]: realtimeRoute({ ...shared, ...parts, ...parts.inference }),
  }
}

/** What handlers need that ask the gate and leave a record. */
function recordingOf(shared: Shared, { gate, records }: Pick<RouteParts, "gate" | "records">): Recording {
  return { ...shared, gate, record: (record) => void records.add(record) }
}

interface Recording extends Shared {
  gate: Gate
  record: (record: Parameters<Records["add"]>[0]) => void
}

function contextRoutes(shared: Shared, parts: RouteParts): Hono<HttpEnv>[] {
  const { context, batches } = parts
  const recording = recordingOf(shared, parts)
  return [
    filesRoutes({ ...recording, files: context.files, memories: context.memories }),
    uploadRoutes({ ...recording, uploads: context.uploads }),
    batchRoutes({ ...recording, batches }),
    messageBatchRoutes({ ...recording, batches }),
    vectorStoreRoutes({ ...recording, ...context }),
    conversationRoutes({ ...recording, ...context }),
    blockRoutes({ ...recording, blocks: context.blocks }),
    stateRoutes({ ...recording, states: context.states }),
    changeRoutes({ ...shared, gate: recording.gate, changeLog: context.changeLog }),
    memoryUpkeepRoutes({ upkeep: context.upkeep, gate: recording.gate }),
    memoryCurationRoutes({ ...recording, memories: context.memories }),
    mcpRoutes({ ...recording, memories: context.memories, version: parts.version }),
    memoryRoutes({ ...recording, memories: context.memories }),
    erasureRoutes({ ...recording, erasures: context.erasures }),
    scopeRoutes({ ...recording, scopes: context.scopes }),
  ]
}
