// Starts Perdure as an operator starts it, built as it is published: keys, prices, limits and budgets, records to the embedded database.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publishedProgram } from "../../../test/support/published.ts"
import { startPerdure } from "../../../test/support/server.ts"
import { models } from "../bodies.ts"
import { processTree } from "../machine.ts"
import { pinToTargetCore } from "../processes.ts"
import type { Target } from "./target.ts"

export async function startTarget(providerPort: number): Promise<Target> {
  const directory = mkdtempSync(join(tmpdir(), "perdure-bench-"))
  const config = join(directory, "perdure.yaml")
  writeFileSync(config, configOf(providerPort))
  const server = await startPerdure({
    dataDirectory: join(directory, "data"),
    config,
    program: publishedProgram,
    env: { NODE_ENV: "production" },
  })
  pinToTargetCore(server.pid)
  const close = async (): Promise<void> => {
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }
  const headers = { authorization: `Bearer ${server.apiKey}` }
  return { port: Number(new URL(server.url).port), pids: () => processTree(server.pid), headers, [Symbol.asyncDispose]: close }
}

/**
 * The models have real prices and other names upstream: bodies are spliced and calls are priced. The limits bind every call and refuse
 * none: six counters are reserved and settled each time.
 */
export function configOf(providerPort: number): string {
  const { chat, chatUpstream, embedding } = models
  return `discovery: false
providers:
  mock: { baseUrl: "http://127.0.0.1:${providerPort}/v1", apiKey: bench }
models:
  ${chat}: { deployments: [{ provider: mock, model: ${chatUpstream} }] }
  ${embedding}: { deployments: [{ provider: mock, model: ${embedding}, does: { embeddings: true } }] }
budgets:
  - { name: all, per: month, usd: 900000, tokens: 9000000000000 }
  - { name: daily, for: { key: "*" }, per: day, usd: 900000 }
rateLimits:
  - { name: rate, for: { key: "*", model: "*" }, per: minute, requests: 9000000000, tokens: 9000000000000, concurrent: 100000 }
`
}
