// The whole server in this process, from a configuration as its user writes it, on either engine, with a fake provider behind its models.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createPerdure, type Perdure } from "../app/index.ts"
import { loadConfig } from "../config/index.ts"
import { copyMigrated, openTestStore, type TestEngine } from "./database.ts"
import { startFakeProvider, type FakeProvider } from "./fake-provider.ts"

export interface PerdureServer extends AsyncDisposable {
  readonly perdure: Perdure
  readonly provider: FakeProvider
  readonly url: string
  readonly apiKey: string
  /** Puts another configuration into force. */
  reload(more: string): Promise<void>
}

/** `fake` is served by chat completions, `claude` by Anthropic's messages; `more` are further sections. */
export async function startPerdureServer(engine: TestEngine, more: string): Promise<PerdureServer> {
  const cleanUps = new AsyncDisposableStack()
  const provider = cleanUps.use(await startFakeProvider())
  const directory = await mkdtemp(join(tmpdir(), "perdure-server-"))
  cleanUps.defer(() => rm(directory, { recursive: true, force: true }))
  let database = ""
  if (engine === "postgres") {
    const store = cleanUps.use(await openTestStore(engine))
    await writeFile(join(directory, "url"), "databaseUrl" in store.location ? store.location.databaseUrl : "")
    database = "database: { url: { file: ./url } }"
  } else await copyMigrated(join(directory, ".perdure", "db"))
  const load = async (sections: string): Promise<Awaited<ReturnType<typeof loadConfig>>["config"]> => {
    await writeFile(join(directory, "perdure.yaml"), `${yamlOf(provider.url)}\n${database}\n${sections}\n`)
    return (await loadConfig({ cwd: directory, flags: [] })).config
  }
  const perdure = cleanUps.use(await createPerdure(await load(more)))
  const dispose = (): Promise<void> => cleanUps.disposeAsync()
  const reload = async (sections: string): Promise<void> => void (await perdure.reload(() => load(sections)))
  return { perdure, provider, url: perdure.url, apiKey: perdure.apiKeyCreated ?? "", reload, [Symbol.asyncDispose]: dispose }
}

function yamlOf(url: string): string {
  return `
discovery: false
server: { port: 0 }
logging: { level: silent }
providers:
  fake: { baseUrl: "${url}", apiKey: none }
  claude: { type: anthropic, baseUrl: "${url.replace(/\/v1$/, "")}", apiKey: claude-key }
models:
  fake: { deployments: [{ provider: fake, model: small }] }
  claude: { deployments: [{ provider: claude, model: claude-x }] }`
}
