// Compares the routes that a server has mounted with the table.
import { apiRoutes } from "./routes.ts"

/** A server mounts `/v1/runs/:id`; compared by method and shape of the path. */
export function missingRoutes(mounted: readonly { method: string; path: string }[]): { undocumented: string[]; unserved: string[] } {
  const served = new Map(mounted.filter(isPublished).map(({ method, path }) => [shapeOf(method, path), `${method} ${path}`]))
  const documented = new Map(apiRoutes.map(({ method, path }) => [shapeOf(method, path), `${method} ${path}`]))
  return {
    undocumented: [...served].filter(([shape]) => !documented.has(shape)).map(([, name]) => name),
    unserved: [...documented].filter(([shape]) => !served.has(shape)).map(([, name]) => name),
  }
}

/** Middleware is mounted for all methods or with a wildcard; the dashboard serves pages, and `/` leads there. */
function isPublished({ method, path }: { method: string; path: string }): boolean {
  return method !== "ALL" && path !== "/" && !path.includes("*") && !path.startsWith("/dashboard")
}

function shapeOf(method: string, path: string): string {
  return `${method} ${path.replaceAll(/:\w+(\{[^}]*\})?|\{\w+\}/g, "{}")}`
}
