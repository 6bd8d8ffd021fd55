// The application that is killed: a model on the test's provider, and a tool that reports to the test's witness and must not do so twice.
import { setTimeout as pause } from "node:timers/promises"
import { defineConfig, defineTool } from "perdure"
import { z } from "zod"
import { witnessClient } from "../witness.ts"

const { CHAOS_PROVIDER_URL = "", CHAOS_WITNESS_URL = "" } = process.env
const witness = witnessClient(CHAOS_WITNESS_URL)

const notify = defineTool({
  name: "notify",
  description: "Tells the outside world, which cannot be taken back",
  parameters: z.object({ ticket: z.string(), call: z.string(), beforeMs: z.number(), afterMs: z.number() }),
  effect: "once",
  run: async ({ ticket, call, beforeMs, afterMs }, { idempotencyKey }) => {
    await pause(beforeMs)
    await witness.effect({ run: ticket, key: call, effect: "once", idempotencyKey })
    await pause(afterMs)
    return { told: call }
  },
})

export default defineConfig({
  discovery: false,
  providers: { chaos: { baseUrl: CHAOS_PROVIDER_URL } },
  models: {
    "chaos-model": { deployments: [{ provider: "chaos", model: "upstream", price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }] },
  },
  tools: [notify],
  grants: [{ to: "*", allow: ["file.write:*", "conversation.write:*", "tool.read:*", "tool.call:notify"] }],
  // Every death counts for all runs of the process, and here processes die all the time.
  limits: { runAttemptsMax: 10_000 },
  logging: { level: "warn" },
})
