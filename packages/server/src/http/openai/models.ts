// `GET /v1/models` and `/v1/models/{id}`: the logical names that this server serves and the key may use.
import { Hono } from "hono"
import type { Model, Models } from "../../inference/index.ts"
import { requireModel } from "../../security/index.ts"
import { anthropicModel, anthropicModelList } from "../anthropic/models.ts"
import type { HttpEnv } from "../env.ts"

export function modelRoutes(models: Pick<Models, "list" | "require">): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>()
  app.get("/v1/models", (context) => {
    const { scope } = context.get("principal")
    const all = models.list().flatMap((model) => [model, ...(model.aliases ?? []).map((name) => ({ ...model, name }))])
    const usable = scope === null ? all : all.filter(({ name }) => scope.allowsModel(name))
    if (context.req.header("anthropic-version") !== undefined) return context.json(anthropicModelList(usable))
    return context.json({ object: "list", data: usable.map(modelObject) })
  })
  // Names contain slashes (`perdure/extractive`), and clients encode them or not.
  app.get("/v1/models/:id{.+}", (context) => {
    const id = context.req.param("id")
    const principal = context.get("principal")
    requireModel(principal, id)
    const model = { ...models.require(id, undefined, principal.scope?.allowsModel), name: id }
    return context.json(context.req.header("anthropic-version") === undefined ? modelObject(model) : anthropicModel(model))
  })
  return app
}

function modelObject(model: Model): { id: string; object: "model"; created: number; owned_by: string } {
  return { id: model.name, object: "model", created: Math.floor(model.createdAt / 1000), owned_by: model.ownedBy }
}
