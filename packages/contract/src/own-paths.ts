// First parts of paths that the server has itself: what is passed through to providers hides none of them, and keys are restricted to others by the names of routes.
// LiteLLM's /customer and /v2 are not among them: a configuration may have passed these through before, and goes on to win.

export const ownPaths = [
  "v1",
  "mcp",
  "health",
  "metrics",
  "dashboard",
  "openapi.json",
  "key",
  "user",
  "team",
  "model",
  "spend",
  "global",
] as const

/** Of `/openai/files`: `openai`. */
function firstPart(path: string): string {
  return path.split("/", 2)[1] ?? ""
}

/** Endpoints of a key that are below none of the server's own paths, nor below one of `passed`: nothing answers there. */
export function unpassedEndpoints(endpoints: readonly string[], passed: readonly string[]): string[] {
  return endpoints.filter((endpoint) => {
    const path = endpoint.slice(endpoint.indexOf(" ") + 1)
    if (!path.startsWith("/") || isOwnPath(path)) return false
    const [start = ""] = path.split("*", 1)
    const isWide = start !== path
    return !passed.some((each) => start === each || start.startsWith(`${each}/`) || (isWide && each.startsWith(start)))
  })
}

export function isOwnPath(path: string): boolean {
  return (ownPaths as readonly string[]).includes(firstPart(path))
}
