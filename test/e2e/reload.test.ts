// A server follows its configuration while it runs: what can change changes at once, what is wrong changes nothing, calls under way go on.
import { deploymentsSchema, type Deployments, type Health } from "@perdure/contract"
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const waiting = { timeout: 60_000, interval: 100 }

interface Declared {
  url: string
  /** Lines under `models`. */
  models: string
  more?: string
}

const yaml = ({ url, models, more = "" }: Declared): string =>
  `discovery: false\nproviders: { up: { baseUrl: "${url}", apiKey: none } }\nmodels:\n${models}\n${more}\n`
const named = (name: string, more = ""): string => `  ${name}: { ${more} deployments: [{ provider: up, model: small }] }`

function ask(server: StartedServer, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
  return fetch(`${server.url}${path}`, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers })
}

const chat = (model: string, stream = false) => ({ model, stream, messages: [{ role: "user", content: "hello" }] })
const statusOf = async (server: StartedServer, model: string): Promise<number> =>
  (await ask(server, "/v1/chat/completions", chat(model))).status
const deployments = async (server: StartedServer): Promise<Deployments> =>
  deploymentsSchema.parse(await (await ask(server, "/v1/deployments")).json())

function noted(server: StartedServer): () => string {
  let text = ""
  server.child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString()))
  return () => text
}

describe("a configuration that changes while the server runs", () => {
  it("is followed at once, keeps what it was when the next one is wrong, and says so everywhere", async () => {
    await using directory = await temporaryDirectory()
    await using provider = await startFakeProvider()
    const config = join(directory.path, "perdure.yaml")
    await writeFile(config, yaml({ url: provider.url, models: named("old") }))
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    const notes = noted(server)
    expect(await statusOf(server, "old")).toBe(200)

    // Editors replace files.
    await writeFile(
      `${config}.new`,
      yaml({ url: provider.url, models: named("new", "aliases: [other],"), more: "limits: { turnsMax: 3 }" }),
    )
    await rename(`${config}.new`, config)
    await expect.poll(() => statusOf(server, "new"), waiting).toBe(200)
    expect([await statusOf(server, "other"), await statusOf(server, "old")]).toEqual([200, 404])
    expect((await deployments(server)).configuration).toMatchObject({ refused: null, needsRestart: ["limits.turnsMax"] })
    await expect.poll(notes, waiting).toContain("in force now: models.old, models.new")
    await expect.poll(notes, waiting).toContain("in force after a restart: limits.turnsMax")

    await writeFile(config, yaml({ url: provider.url, models: "  new: { deployments: [{ provider: nowhere, model: x }] }" }))
    await expect.poll(async () => (await deployments(server)).configuration.refused, waiting).toMatchObject({ problems: 1 })
    expect(await statusOf(server, "new")).toBe(200)
    await expect
      .poll(notes, waiting)
      .toMatch(/the one before stays in force:\n.*perdure\.yaml:4:\d+ +models\.new\.deployments\[0\]\.provider/)
    const ready = (await (await fetch(`${server.url}/health/ready`)).json()) as Health
    expect(ready).toMatchObject({ status: "degraded", checks: { configuration: { ok: false } } })
    expect(JSON.stringify(ready)).not.toMatch(/nowhere|perdure\.yaml/)

    await writeFile(config, yaml({ url: provider.url, models: named("new", "cache: {},") }))
    await expect.poll(async () => (await deployments(server)).configuration, waiting).toMatchObject({ refused: null, needsRestart: [] })
    const cached = async (): Promise<string | null> =>
      (await ask(server, "/v1/chat/completions", chat("new"))).headers.get("x-perdure-cache")
    await expect.poll(cached, waiting).toBe("hit")
  })

  it("lets calls under way end where they began, and moves the next ones", async () => {
    await using directory = await temporaryDirectory()
    await using before = await startFakeProvider({ text: Array.from({ length: 20 }, (_, index) => `${index} `), chunkDelayMs: 150 })
    await using after = await startFakeProvider({ text: "from the other" })
    const config = join(directory.path, "perdure.yaml")
    await writeFile(config, yaml({ url: before.url, models: named("m") }))
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    const streaming = ask(server, "/v1/chat/completions", chat("m", true)).then((answer) => answer.text())
    await expect.poll(() => before.requests.length, waiting).toBe(1)
    await writeFile(config, yaml({ url: after.url, models: named("m") }))
    await expect
      .poll(async () => (await (await ask(server, "/v1/chat/completions", chat("m"))).text()).includes("from the other"), waiting)
      .toBe(true)
    const text = await streaming
    expect(text).toContain("19 ")
    expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true)
  })

  it("brings guards, prompts of its section and of files, and experiments, and takes them away again", async () => {
    await using directory = await temporaryDirectory()
    await using provider = await startFakeProvider()
    const config = join(directory.path, "perdure.yaml")
    await mkdir(join(directory.path, "prompts"))
    await writeFile(config, yaml({ url: provider.url, models: named("m") }))
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    const prompted = async (id: string): Promise<unknown> => {
      const answer = await ask(server, "/v1/chat/completions", { ...chat("m"), perdure: { prompt: { id } } })
      await answer.text()
      const sent = provider.last?.body as { messages: { content: string }[] } | undefined
      return answer.status === 200 ? sent?.messages[0]?.content : answer.status
    }
    expect([await prompted("beside"), await prompted("inside"), await statusOf(server, "experiment/e")]).toEqual([404, 404, 404])

    await writeFile(join(directory.path, "prompts", "beside.prompt.md"), "From a file")
    await expect.poll(() => prompted("beside"), waiting).toBe("From a file")
    const more = `prompts: { inside: [{ messages: [{ role: system, content: From the section }] }] }
experiments: { e: { variants: { only: { model: m } } } }
guards: [{ type: redact, name: mail, entities: [email], action: redact }]`
    await writeFile(config, yaml({ url: provider.url, models: named("m"), more }))
    await expect.poll(() => prompted("inside"), waiting).toBe("From the section")
    expect(await statusOf(server, "experiment/e")).toBe(200)
    const sent = async (): Promise<string> => {
      await (await ask(server, "/v1/responses", { model: "m", input: "mail ada@example.com" })).text()
      return JSON.stringify(provider.last?.body)
    }
    expect(await sent()).not.toContain("ada@example.com")
    expect((await deployments(server)).configuration.needsRestart).toEqual([])

    await writeFile(join(directory.path, "prompts", "beside.prompt.md"), "A new text with {{")
    await expect.poll(async () => (await deployments(server)).configuration.refused, waiting).toMatchObject({ problems: 1 })
    expect(await prompted("beside")).toBe("From a file")
    await rm(join(directory.path, "prompts", "beside.prompt.md"))
    await writeFile(config, yaml({ url: provider.url, models: named("m") }))
    await expect.poll(() => prompted("inside"), waiting).toBe(404)
    expect([await prompted("beside"), await statusOf(server, "experiment/e")]).toEqual([404, 404])
    expect(await sent()).toContain("ada@example.com")
  })

  it.skipIf(process.platform === "win32")("is loaded again by SIGHUP, with secrets that were changed in their files", async () => {
    await using directory = await temporaryDirectory()
    await using provider = await startFakeProvider()
    const [config, secret] = [join(directory.path, "perdure.yaml"), join(directory.path, "secret")]
    await writeFile(secret, "first-key")
    await writeFile(
      config,
      `discovery: false\nproviders: { up: { baseUrl: "${provider.url}", apiKey: { file: secret } } }\nmodels:\n${named("m")}\n`,
    )
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    expect(await statusOf(server, "m")).toBe(200)
    expect(provider.last?.headers.authorization).toBe("Bearer first-key")
    await writeFile(secret, "second-key")
    server.child.kill("SIGHUP")
    const keyInUse = async (): Promise<string | undefined> => {
      await statusOf(server, "m")
      return provider.last?.headers.authorization
    }
    await expect.poll(keyInUse, waiting).toBe("Bearer second-key")
    expect(server.child.exitCode).toBeNull()
  })

  it("gives requests the parameters of the file in force, and shows them", async () => {
    await using directory = await temporaryDirectory()
    await using provider = await startFakeProvider()
    const config = join(directory.path, "perdure.yaml")
    await writeFile(config, yaml({ url: provider.url, models: named("one", "parameters: { temperature: 0.2 },") }))
    await using server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
    expect(await statusOf(server, "one")).toBe(200)
    expect(provider.last?.body).toMatchObject({ temperature: 0.2 })
    await writeFile(
      config,
      yaml({ url: provider.url, models: named("one", "overrideParameters: { temperature: 0.7 }, dropParameters: [seed],") }),
    )
    const shown = async (): Promise<unknown> =>
      (await deployments(server)).models.find(({ name }) => name === "one")?.deployments[0]?.parameters
    await expect.poll(shown, waiting).toEqual({ defaults: {}, overrides: { temperature: 0.7 }, dropped: ["seed"] })
    expect((await ask(server, "/v1/chat/completions", { ...chat("one"), temperature: 0, seed: 1 })).status).toBe(200)
    expect(provider.last?.body).toEqual({ model: "small", stream: false, messages: chat("one").messages, temperature: 0.7 })
    const response = await ask(server, "/v1/responses", { model: "one", input: "hello", temperature: 0 })
    expect(response.status).toBe(200)
    expect(provider.last?.body).toMatchObject({ temperature: 0.7 })
  })
})
