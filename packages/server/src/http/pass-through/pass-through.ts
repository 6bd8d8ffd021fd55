// Finds the route of a path that is passed through, and lets its caller in: by key, its scope, and the projects of the route.
import type { IncomingMessage, ServerResponse } from "node:http"
import { AppError } from "../../core/index.ts"
import { residencyOf, type Principal } from "../../security/index.ts"
import { callerOf } from "../callers.ts"
import { openAiShape } from "../openai/errors.ts"
import { sendError } from "../shell.ts"
import { answeredTraceparent } from "../trace-context.ts"
import { PassedExchange } from "./exchange.ts"
import type { PassThroughDependencies, PassThroughRoute } from "./types.ts"

type PassThroughHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface PassThrough {
  /** By the path of a request as it came; undefined where nothing is passed through. */
  find(path: string): PassThroughHandler | undefined
  /** Which paths are passed through now. */
  paths(): string[]
  /** Requests from now on. */
  replace(routes: readonly PassThroughRoute[]): void
}

export function createPassThrough(dependencies: PassThroughDependencies, routes: readonly PassThroughRoute[]): PassThrough {
  let inForce = longestFirst(routes)
  return {
    find: (path) => {
      const route = inForce.find((each) => path === each.path || path.startsWith(`${each.path}/`))
      return route && ((request, response) => serve(dependencies, route, request, response))
    },
    paths: () => inForce.map(({ path }) => path),
    replace: (next) => {
      inForce = longestFirst(next)
    },
  }
}

function longestFirst(routes: readonly PassThroughRoute[]): readonly PassThroughRoute[] {
  return routes.toSorted((a, b) => b.path.length - a.path.length)
}

function serve(dependencies: PassThroughDependencies, route: PassThroughRoute, request: IncomingMessage, response: ServerResponse): void {
  const requestId = dependencies.newId("req")
  try {
    const principal = callerOf(dependencies.identity, request.headers, request.method ?? "", request.url ?? "")
    requireRoute(principal, route)
    const sent = request.headers["traceparent"]
    const traceparent = typeof sent === "string" ? answeredTraceparent(sent, requestId) : undefined
    void new PassedExchange(dependencies, { route, request, response, principal, requestId, traceparent }).run()
  } catch (error) {
    request.resume()
    sendError(response, openAiShape.errorAnswer(error, requestId))
  }
}

/**
 * What is behind a provider's endpoints belongs to its account, whichever model, region or end user a key is for: such a key needs the path by
 * name. People at the dashboard have keys of their own.
 */
function requireRoute(principal: Principal, { path, projects, region }: PassThroughRoute): void {
  const { id, name, kind, scope, user, projectId } = principal
  if (kind !== "key" || (projects !== null && !projects.includes(projectId)))
    throw new AppError("endpoint_not_allowed", `"${name}" may not call what is below ${path}`, {
      hint: "Use a key of a project that the configuration names for it (passThrough[].projects).",
    })
  const isBound = user !== null || (scope !== null && (scope.models.length > 0 || scope.regions.length > 0))
  if (isBound && (scope === null || scope.endpoints.length === 0))
    throw new AppError("endpoint_not_allowed", `the key "${name}" is restricted, and ${path} is not among the endpoints that it names`, {
      hint: `Allow it by name: perdure keys update ${id} --endpoints "…,${path}/*"`,
    })
  const residency = residencyOf(principal)
  if (residency && !residency.some((each) => region === each || region?.startsWith(`${each}-`)))
    throw new AppError(
      "endpoint_not_allowed",
      `the key "${name}" is served in ${residency.join(", ")} alone, and what is below ${path} is not`,
      {
        hint: "The region of the provider is providers.<name>.region of the configuration.",
      },
    )
}
