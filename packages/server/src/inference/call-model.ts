// Calls a model by its logical name on the first deployment that works: native ones in this process, others over HTTP.
import { AppError, type Limits, type NewId } from "../core/index.ts"
import type { Models } from "./models.ts"
import type { NativeModel } from "./providers/embedded/types.ts"
import { callProvider } from "./providers/call.ts"
import type { CallModel, Deployment, ModelCall, ModelEvent } from "./types.ts"
import { UpstreamError } from "./upstream-error.ts"
import type { Upstreams } from "./upstreams.ts"

/** The models that run in this process, by deployment id. */
export type Natives = ReadonlyMap<string, NativeModel>

export interface CallModelOptions {
  models: Pick<Models, "require">
  upstreams: Upstreams
  natives: Natives
  limits: Pick<Limits, "connectTimeoutMs" | "firstTokenTimeoutMs" | "idleTimeoutMs">
  newId: NewId
}

/** `deployment` of what is returned is the one tried at the moment: the next one takes over where the first fails before its first event. */
export function createCallModel(options: CallModelOptions): CallModel {
  return (call, signal) => {
    const deployments = options.models.require(call.model, "chat").deployments.filter((deployment) => deployment.does.chat)
    const first = deployments[0]
    if (!first) throw new AppError("model_not_found", `the model "${call.model}" has no deployment`, { param: "model" })
    const attempt = { deployment: first }
    const events = firstThatWorks(options, deployments, call, signal, (deployment) => (attempt.deployment = deployment))
    return {
      get deployment(): Deployment {
        return attempt.deployment
      },
      events,
    }
  }
}

/** The events of one deployment; native ones must be registered under their id. */
export function eventsOf(
  options: Omit<CallModelOptions, "models">,
  deployment: Deployment,
  call: ModelCall,
  signal: AbortSignal,
): AsyncIterable<ModelEvent> {
  if (deployment.dialect !== "native") return callProvider(options, deployment, call, signal)
  const chat = options.natives.get(deployment.id)?.chat
  if (!chat) throw new AppError("feature_unavailable", `the deployment "${deployment.id}" does not run in this process`)
  return chat(call, signal)
}

async function* firstThatWorks(
  options: CallModelOptions,
  deployments: readonly Deployment[],
  call: ModelCall,
  signal: AbortSignal,
  trying: (deployment: Deployment) => void,
): AsyncGenerator<ModelEvent> {
  for (const [position, deployment] of deployments.entries()) {
    trying(deployment)
    let begun = false
    try {
      for await (const event of eventsOf(options, deployment, call, signal)) {
        begun = true
        yield event
      }
      return
    } catch (error) {
      const another = error instanceof UpstreamError && error.retryable && !begun && !signal.aborted && position + 1 < deployments.length
      if (!another) throw error
    }
  }
}
