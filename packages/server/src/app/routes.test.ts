// Tests that the routes which the server mounts and the published route table are the same.
import { missingRoutes } from "@perdure/contract"
import { expect, test } from "vitest"
import { createHotRoutes } from "../http/index.ts"
import { loadConfig } from "../config/index.ts"
import { routesOf } from "./routes.ts"

/** Stands for every part: mounting a route only stores what its handler will use. */
const anything: never = new Proxy(() => undefined, {
  get: (_target, key) => (key === Symbol.iterator ? undefined : anything),
  apply: () => anything,
}) as never

test("every mounted route is in the published table, and every published one is mounted", async () => {
  const { config } = await loadConfig({ cwd: import.meta.dirname, env: {} })
  const parts = { ...Object.fromEntries(["identity", "gate", "records", "runs", "store"].map((name) => [name, anything])), version: "1" }
  const routes = routesOf(anything, config, Object.assign(parts, { inference: anything, context: anything, health: anything }) as never)
  const hot = Object.keys(createHotRoutes(anything)).map((path) => ({ method: "POST", path }))
  const mounted = [...hot, ...routes.flatMap((route) => route.routes)]
  expect(mounted.length).toBeGreaterThan(30)
  expect(missingRoutes(mounted)).toEqual({ undocumented: [], unserved: [] })
})
