// The whole server for all tests of one file, from the configuration that they write, in front of the fake provider that they prepare; asked over HTTP.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll } from "vitest"
import { createPerdure, type Perdure } from "../app/index.ts"
import { loadConfig, type Config } from "../config/index.ts"
import { copyMigrated } from "./database.ts"
import type { FakeProvider } from "./fake-provider.ts"

export interface ConfiguredOptions {
  config: object
  /** What stands beside the configuration, by its path. */
  files?: Record<string, string>
  env?: Record<string, string>
}

export interface HttpAnswer {
  status: number
  headers: Headers
  /** Empty where it is no JSON object. */
  body: Record<string, unknown>
}

export interface ConfiguredServer {
  readonly perdure: Perdure
  /** The secret of a new key, of the server's project where no other is named. */
  key(name: string, options?: Parameters<Perdure["identity"]["createKey"]>[2], projectId?: string): Promise<string>
  ask(method: string, path: string, key: string, body?: object | FormData, headers?: Record<string, string>): Promise<HttpAnswer>
  /** Writes another configuration in place of the first, and loads it. */
  configured(config: object): Promise<Config>
}

export async function startConfiguredServer(provider: FakeProvider, options: ConfiguredOptions): Promise<ConfiguredServer> {
  const directory = await mkdtemp(join(tmpdir(), "perdure-configured-"))
  for (const [path, text] of Object.entries(options.files ?? {})) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  await copyMigrated(join(directory, ".perdure", "db"))
  const configured = async (config: object): Promise<Config> => {
    await writeFile(join(directory, "perdure.yaml"), JSON.stringify({ discovery: false, server: { port: 0 }, logging: { level: "silent" }, ...config })) // prettier-ignore
    return (await loadConfig({ cwd: directory, env: options.env ?? {}, flags: [] })).config
  }
  const perdure = await createPerdure(await configured(options.config))
  afterAll(async () => {
    await perdure[Symbol.asyncDispose]()
    await provider[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })
  return {
    perdure,
    configured,
    key: async (name, more, projectId = perdure.projectId) => (await perdure.identity.createKey(projectId, name, more)).secret,
    ask: (...request) => ask(perdure.url, ...request),
  }
}

async function ask(url: string, ...[method, path, key, body, more]: Parameters<ConfiguredServer["ask"]>): Promise<HttpAnswer> {
  const isForm = body instanceof FormData
  const headers = {
    authorization: `Bearer ${key}`,
    ...(isForm ? {} : { "content-type": "application/json" }),
    "anthropic-version": "2023-06-01",
    ...more,
  }
  const sent = body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }
  const answer = await fetch(url + path, { method, headers, ...sent })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: (text.startsWith("{") ? JSON.parse(text) : {}) as Record<string, unknown> }
}
