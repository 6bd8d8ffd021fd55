// Says what is wrong with a request that no route serves: another method (405), or a path that does not exist (404).
import { didYouMean } from "../config/index.ts"
import { AppError } from "../core/index.ts"

interface Route {
  method: string
  path: string
  matches: RegExp
}

/** `routes` as `METHOD /path/:param`. */
export function createRouteTable(routes: readonly string[]): { explain(method: string, path: string): AppError } {
  const table = routes.map(parse)
  const explain = (method: string, path: string): AppError => {
    const methods = [...new Set(table.filter((route) => route.matches.test(path)).map((route) => route.method))]
    if (methods.length > 0 && !methods.includes(method)) {
      return new AppError("method_not_allowed", `"${path}" does not take ${method}`, { hint: `It takes ${methods.join(", ")}.` })
    }
    const near = didYouMean(path, [...new Set(table.map((route) => route.path))])
    const hint = near === undefined ? "The routes are listed at /openapi.json." : `Did you mean ${near}?`
    return new AppError("not_found", `there is no route "${path}"`, { hint })
  }
  return { explain }
}

function parse(route: string): Route {
  const [method = "", path = ""] = route.split(" ")
  const pattern = path
    .split("/")
    .map((part) => (part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)))
    .join("/")
  return { method, path, matches: new RegExp(`^${pattern}/?$`) }
}
