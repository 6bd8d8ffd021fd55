// The routes of experiments: begun, read with all that is known, paused, resumed, weighted, promoted and deleted; each change asks the gate and leaves a record.
import {
  experimentCreateRequestSchema,
  experimentPromoteRequestSchema,
  experimentUpdateRequestSchema,
  type ExperimentDefinition,
} from "@perdure/contract"
import { Hono, type Context } from "hono"
import { experimentSummary, readExperiment, type Experiments, type HeldExperiment } from "../../inference/index.ts"
import { requireModel, type Principal } from "../../security/index.ts"
import type { Store } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { readBody } from "../request-body.ts"
import { answer } from "./answer.ts"
import { changing, type Change, type ChangingOptions } from "./changing.ts"

export interface ExperimentRoutesOptions extends ChangingOptions {
  experiments: Experiments
  store: Pick<Store, "project">
}

type At = Context<HttpEnv>

export function createExperimentRoutes(options: ExperimentRoutesOptions): Hono<HttpEnv> {
  const { experiments, store } = options
  const told = async (context: At, held: HeldExperiment, status: 200 | 201 = 200): Promise<Response> => {
    const { projectId } = context.get("principal")
    return answer(await readExperiment(store.project(projectId), projectId, held), status)
  }
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/experiments", (context) =>
    answer({ experiments: experiments.list(context.get("principal").projectId).map(experimentSummary) }),
  )
  routes.post("/v1/experiments", async (context) => {
    const request = await readBody(context, experimentCreateRequestSchema)
    const { id, projectId } = context.get("principal")
    return changing(options, context, change("create", request.name), async () => {
      requireModels(context.get("principal"), request.variants)
      const made = await experiments.create(projectId, id, request)
      return { answer: await told(context, made, 201), data: { name: made.name } }
    })
  })
  routes.get("/v1/experiments/:name", (context) => told(context, experiments.get(context.get("principal").projectId, nameOf(context))))
  routes.patch("/v1/experiments/:name", async (context) => {
    const request = await readBody(context, experimentUpdateRequestSchema)
    const { id, projectId } = context.get("principal")
    return changing(options, context, change("update", nameOf(context)), async () => {
      const held = await experiments.update(projectId, id, nameOf(context), request)
      return { answer: await told(context, held), data: { name: held.name, status: held.state.status, weights: request.weights ?? null } }
    })
  })
  routes.post("/v1/experiments/:name/promote", async (context) => {
    const request = await readBody(context, experimentPromoteRequestSchema)
    const { id, projectId } = context.get("principal")
    return changing(options, context, change("promote", nameOf(context)), async () => {
      const held = await experiments.promote(projectId, id, nameOf(context), request)
      return { answer: await told(context, held), data: { name: held.name, winner: request.variant } }
    })
  })
  routes.delete("/v1/experiments/:name", (context) => {
    const name = nameOf(context)
    return changing(options, context, change("delete", name), async () => {
      await experiments.remove(context.get("principal").projectId, name)
      return { answer: answer({ name, deleted: true }), data: { name } }
    })
  })
  return routes
}

function change(what: string, target: string): Change {
  return { kind: "experiment", name: `experiment.${what}`, action: "experiments.manage", target }
}

/** Nobody sends the requests of others to a model that is closed to them. */
function requireModels(
  principal: Principal,
  variants: Readonly<Record<string, { model?: ExperimentDefinition["variants"][string]["model"] }>>,
): void {
  for (const { model } of Object.values(variants)) if (model !== undefined) requireModel(principal, model)
}

function nameOf(context: At): string {
  return context.req.param("name") ?? ""
}
