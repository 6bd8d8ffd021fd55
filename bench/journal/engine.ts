// Our kernel on one store: a workflow of five steps that do nothing, driven like the peers.
import { createRuns, defineWorkflow } from "../../packages/server/src/runs/index.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { userLabel } from "../../packages/server/src/security/index.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
// @ts-expect-error -- plain JavaScript, shared with the peers, which lie outside of the TypeScript project
import { drive as driveUntyped } from "./peers/drive.mjs"

const drive = driveUntyped as (runOnce: () => Promise<unknown>) => void
const [location = ""] = process.argv.slice(2)
const onFatal = (error: Error): void => {
  throw error
}
const place = location.startsWith("postgres:") ? { databaseUrl: location } : { dataDirectory: location }
const store = await openStore({ ...place, limits: defaultLimits, onFatal })
const runs = createRuns({ store, clock: systemClock, newId, limits: defaultLimits, onError: (what, error) => console.error(what, error) })
runs.define(
  defineWorkflow("five", async (ctx) => {
    let sum = 0
    for (let i = 0; i < 5; i += 1) sum += await ctx.step(`add${i}`, () => Promise.resolve(i), { effect: "read" })
    return sum
  }),
)
const label = userLabel("bench")
const forever = new AbortController().signal
drive(async () => {
  const run = await runs.start({ projectId: "proj_bench", principal: "bench", kind: "workflow", name: "five", input: null, label })
  return (await runs.ended("proj_bench", run.id, forever)).output
})
