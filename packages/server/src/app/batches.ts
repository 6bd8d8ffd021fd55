// Batches, constructed over the kernel, files and the routes that their lines go through.
import { CallSlots, createBatches, type Batches } from "../batches/index.ts"
import type { Config } from "../config/index.ts"
import type { Responses } from "../agents/index.ts"
import type { ContextServices } from "../context/index.ts"
import type { BackgroundTasks } from "../core/index.ts"
import { createInnerCalls, type CallMemories, type HotRoute, type RequestShaping } from "../http/index.ts"
import type { Pool } from "../inference/index.ts"
import type { Runs } from "../runs/index.ts"
import type { Identity } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import type { Inference } from "./inference.ts"
import type { Shared } from "./services.ts"

export interface BatchParts {
  store: Store
  runs: Runs
  identity: Identity
  inference: Pick<Inference, "models" | "pool">
  context: Pick<ContextServices, "files">
  responses: Responses
  tasks: BackgroundTasks
  shaping: RequestShaping
  /** Which lines have memory without saying so. */
  memories: CallMemories
  hotRoutes: Readonly<Record<string, HotRoute>>
}

/** Of a deployment's concurrency: the rest is for calls that somebody waits for. */
const concurrencyShareMax = 0.75

export function composeBatches(shared: Shared, config: Pick<Config, "batches">, parts: BatchParts): Batches {
  const { identity, inference, context, tasks } = parts
  const background = (name: string, work: () => Promise<unknown>): void => tasks.run(name, work)
  return createBatches({
    ...shared,
    ...parts,
    files: context.files,
    background,
    slots: new CallSlots({ callsMax: config.batches.concurrency }),
    callLine: createInnerCalls({ ...shared, ...parts, background }),
    principalOf: (projectId, principalId) => identity.principalOf(projectId, principalId),
    hasRoom: (model) => hasRoom(inference, model),
  })
}

/** A model that is not known has no deployment to spare: the call itself says so. */
function hasRoom({ models, pool }: BatchParts["inference"], name: string): boolean {
  const deployments = models.get(name)?.deployments ?? []
  return deployments.length === 0 || deployments.some((deployment) => isSpare(pool.healthOf(deployment)))
}

function isSpare({ inFlight, concurrencyMax }: ReturnType<Pool["healthOf"]>): boolean {
  return concurrencyMax === null || inFlight < Math.max(1, Math.floor(concurrencyMax * concurrencyShareMax))
}
