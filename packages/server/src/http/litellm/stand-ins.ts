// Which of Perdure's own routes each of LiteLLM's stands for: a key may call the one where it may call the other.

interface Asked {
  method: string
  path: string
  /** The secret that the request came with. */
  secret: string | undefined
  query: (name: string) => string | undefined
}

export interface StandIn {
  method: string
  path: string
}

/** Paths that need a key, as the application mounts them; those below `/v1/` need one anyway. */
export const liteLlmMounts = [
  "/key/*",
  "/v2/key/*",
  "/user/*",
  "/customer/*",
  "/team/*",
  "/model/*",
  "/spend/*",
  "/global/spend/*",
] as const

const literal: Readonly<Record<string, StandIn>> = {
  "POST /key/generate": { method: "POST", path: "/v1/keys" },
  "GET /key/list": { method: "GET", path: "/v1/keys" },
  "POST /v2/key/info": { method: "GET", path: "/v1/keys/key" },
  "POST /key/update": { method: "PATCH", path: "/v1/keys/key" },
  "POST /key/block": { method: "PATCH", path: "/v1/keys/key" },
  "POST /key/unblock": { method: "PATCH", path: "/v1/keys/key" },
  "POST /key/delete": { method: "DELETE", path: "/v1/keys/key" },
  "POST /key/regenerate": { method: "POST", path: "/v1/keys/key/rotate" },
  "POST /user/new": { method: "POST", path: "/v1/keys" },
  "GET /user/info": { method: "GET", path: "/v1/keys" },
  "POST /user/update": { method: "PATCH", path: "/v1/keys/key" },
  "POST /customer/new": { method: "GET", path: "/v1/usage" },
  "GET /customer/info": { method: "GET", path: "/v1/usage" },
  "GET /customer/list": { method: "GET", path: "/v1/usage" },
  "POST /team/new": { method: "POST", path: "/v1/keys" },
  "GET /team/info": { method: "GET", path: "/v1/keys" },
  "GET /model/info": { method: "GET", path: "/v1/deployments" },
  "GET /v1/model/info": { method: "GET", path: "/v1/deployments" },
  "GET /spend/logs": { method: "GET", path: "/v1/runs" },
  "GET /spend/tags": { method: "GET", path: "/v1/usage" },
  "GET /global/spend/report": { method: "GET", path: "/v1/usage" },
}
const regenerate = /^\/key\/[^/]+\/regenerate$/

/** A path that stands for no other is asked for as it is, which keys with endpoints may not. */
export function standInOf(asked: Asked): StandIn {
  const { method, path } = asked
  if (method === "GET" && path === "/key/info") return { method, path: isOfCaller(asked) ? "/v1/keys/me" : "/v1/keys/key" }
  if (method === "POST" && regenerate.test(path)) return { method, path: "/v1/keys/key/rotate" }
  return literal[`${method} ${path}`] ?? { method, path }
}

/** Each key may read itself: by no name, or by its own secret. */
function isOfCaller({ query, secret }: Asked): boolean {
  const key = query("key")
  return key === undefined || (secret !== undefined && key === secret)
}

export function isLiteLlmPath(path: string): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix))
}

const prefixes = [...liteLlmMounts.map((path) => path.slice(0, -1)), "/v1/model/"]
