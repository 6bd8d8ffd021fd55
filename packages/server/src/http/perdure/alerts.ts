// The route of alerts: what somebody was told of the caller's project, and for who runs the server what is of no project.
import type { Alert } from "@perdure/contract"
import { Hono } from "hono"
import { isJsonObject, type Limits } from "../../core/index.ts"
import { alerts, projects, type Store, type StoredAlert } from "../../store/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"

export interface AlertRoutesOptions {
  store: Pick<Store, "system">
  limits: Pick<Limits, "pageRowsMax">
}

export function createAlertRoutes({ store, limits }: AlertRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/alerts", async (context) => {
    const { id, projectId, kind, user } = context.get("principal")
    const isOperator = kind === "session"
    const stored = await alerts.alertsOfProject(store.system, projectId, isOperator, limits.pageRowsMax)
    const seen = stored.filter((alert) => isOperator || isOf(alert, { id, user }))
    const view = { isOperator, isAlone: await projects.isOnlyProject(store.system, projectId) }
    return answer({ alerts: seen.map((alert) => shown(alert, view)) })
  })
  return routes
}

/** A key is told of nothing that is another key's, nor one that acts for an end user of what is another one's. */
function isOf({ type, data }: StoredAlert, { id, user }: { id: string; user: string | null }): boolean {
  if (type === "key.expiring") return data["key"] === id
  const scope = isJsonObject(data["scope"]) ? data["scope"] : {}
  return (scope["key"] ?? id) === id && (user === null || (scope["user"] ?? user) === user)
}

interface View {
  isOperator: boolean
  /** There is no other project. */
  isAlone: boolean
}

function shown({ id, type, data, createdAt, projectId, deliveries }: StoredAlert, { isOperator, isAlone }: View): Alert {
  const { spent, ...rest } = data
  const scope = isJsonObject(data["scope"]) ? data["scope"] : {}
  // What other projects used of a budget that all share is not told.
  const isShared = projectId === null && !isAlone && scope["provider"] === undefined && scope["deployment"] === undefined
  const facts = isShared || spent === undefined ? rest : { ...rest, spent }
  const webhooks = deliveries.map(({ webhook, ...delivery }) => ({ name: webhook, ...delivery }))
  return { id, type: type as Alert["type"], created_at: createdAt, data: facts, webhooks: isOperator ? webhooks : [] } // it was one of them when it was kept
}
