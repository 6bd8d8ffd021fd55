// What every handler behind the shell finds in its Hono context, set by the shell before the handler runs.
import type { HttpBindings } from "@hono/node-server"
import type { Principal } from "../security/index.ts"

export interface HttpEnv {
  Bindings: HttpBindings
  Variables: {
    /** Set for every path under /v1; the shell has answered 401 otherwise. */
    principal: Principal
    /** Whether the key or session that the request came with is still good and may still call this: asked by streams that outlive many changes. */
    isStillAllowed: () => boolean
    requestId: string
  }
}
