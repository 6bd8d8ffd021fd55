// First parts of paths that the server has itself: what is passed through to providers hides none of them, and keys are restricted to others by the names of routes.

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

export function isOwnPath(path: string): boolean {
  return (ownPaths as readonly string[]).includes(firstPart(path))
}
