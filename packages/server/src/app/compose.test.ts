// Tests of what a started server says of its models, to clients and to who started it.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { get, type IncomingMessage } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { createPerdure } from "./index.ts"

const yaml = `
discovery: false
server: { port: 0 }
logging: { level: silent }
providers: { acme: { baseUrl: "http://127.0.0.1:1/v1" } }
models: { fast: { aliases: [quick], deployments: [{ provider: acme, model: small }] }, "acme/*": { deployments: [{ provider: acme, model: "*" }] } }
`

test("a configured model is named at the start, with its other names and patterns, and owned by its provider's name", async () => {
  const directory = await mkdtemp(join(tmpdir(), "perdure-compose-"))
  try {
    await writeFile(join(directory, "perdure.yaml"), yaml)
    const { config } = await loadConfig({ cwd: directory, flags: [] })
    await using perdure = await createPerdure(config)
    expect(perdure.report).toEqual([
      "Configured: fast, acme/*.",
      "Built in: perdure/extractive (answers by quoting), perdure/minilm (embeddings).",
    ])
    const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}` }
    const { data } = (await (await fetch(`${perdure.url}/v1/models`, { headers })).json()) as { data: { id: string; owned_by: string }[] }
    expect(Object.fromEntries(data.map(({ id, owned_by }) => [id, owned_by]))).toEqual({
      fast: "acme",
      quick: "acme",
      "perdure/extractive": "perdure",
      "perdure/minilm": "perdure",
    })
    for (const id of ["quick", "acme/anything"])
      expect(await (await fetch(`${perdure.url}/v1/models/${id}`, { headers })).json()).toMatchObject({ id, owned_by: "acme" })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test("behind a proxy links to the dashboard have the public address, which is answered to, and its cookie is for https alone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "perdure-compose-"))
  try {
    await copyMigrated(join(directory, ".perdure", "db"))
    await writeFile(join(directory, "perdure.yaml"), yaml.replace("{ port: 0 }", "{ port: 0, publicUrl: https://ai.example.com }"))
    const { config } = await loadConfig({ cwd: directory, flags: [] })
    await using perdure = await createPerdure(config)
    const link = new URL(perdure.loginUrl())
    expect(link.origin).toBe("https://ai.example.com")
    const ask = (host: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        get(`${perdure.url}${link.pathname}${link.search}`, { headers: { host } }, (answer) => resolve(answer.resume())).once(
          "error",
          reject,
        )
      })
    expect((await ask("evil.example.com")).statusCode).toBe(403)
    const answer = await ask(link.host)
    expect(answer.statusCode).toBe(200)
    expect(answer.headers["set-cookie"]?.[0]).toContain("; Secure")
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
