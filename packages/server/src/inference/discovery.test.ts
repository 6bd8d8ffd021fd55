// Discovery finds what listens and what has a key, in a short time, and says what it found without a key in the words.
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { Secret, type ProviderTypeName } from "../config/index.ts"
import { discover, type DiscoverOptions, type DiscoveryEnvironment } from "./discovery.ts"
import { doesByName } from "./known-models.ts"

const signal = AbortSignal.timeout(120_000)
const nothing: DiscoveryEnvironment = { providerKeys: [], ollamaUrl: null }
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Asked {
  path: string
  authorization: string | undefined
  apiKey?: string
  version?: string
}

/** A local server that answers `GET` with this body; undefined never answers. */
async function serve(body: string | undefined, status = 200): Promise<{ port: number; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { authorization, "x-api-key": apiKey, "x-goog-api-key": googleKey, "anthropic-version": version } = request.headers
    const key = apiKey ?? googleKey
    asked.push({
      path: `${request.method} ${request.url}`,
      authorization,
      ...(key === undefined ? {} : { apiKey: String(key) }),
      ...(version === undefined ? {} : { version: String(version) }),
    })
    if (body !== undefined) response.writeHead(status, { "content-type": "application/json" }).end(body)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
  return { port: (server.address() as AddressInfo).port, asked }
}

function listOf(...names: string[]): string {
  return JSON.stringify({ object: "list", data: names.map((id) => ({ id, object: "model" })) })
}

async function closedPort(): Promise<number> {
  const { port } = await serve("")
  await new Promise((resolve) => servers.pop()?.close(resolve))
  return port
}

async function closedPorts(): Promise<Required<NonNullable<DiscoverOptions["ports"]>>> {
  return { ollama: await closedPort(), lmstudio: await closedPort(), llamacpp: await closedPort() }
}

function key(provider: ProviderTypeName, baseUrl: string | null = null): DiscoveryEnvironment["providerKeys"][number] {
  const variable = `${provider.toUpperCase()}_API_KEY`
  return { provider, variable, key: new Secret("sk-very-secret-1234", `env ${variable}`), baseUrl }
}

const options = { ownPort: null, createdAt: 1, probeTimeoutMs: 5_000 }

describe("model servers on this machine", () => {
  it("are found by their list of models, all at once", async () => {
    const ollama = await serve(listOf("llama3.2:3b", "nomic-embed-text"))
    const llamacpp = await serve(listOf("/home/me/models/qwen3-8b-q4.gguf"))
    const ports = { ollama: ollama.port, lmstudio: await closedPort(), llamacpp: llamacpp.port }
    const found = await discover({ ...options, environment: nothing, ports }, signal)
    expect(found.deployments).toMatchObject([
      {
        id: "ollama/llama3.2:3b",
        baseUrl: `http://127.0.0.1:${ollama.port}/v1`,
        apiKey: null,
        does: { chat: true, embeddings: false },
        dialect: "openai-chat",
      },
      { id: "ollama/nomic-embed-text", does: { chat: false, embeddings: true } },
      { id: "llamacpp/qwen3-8b-q4", upstreamModel: "/home/me/models/qwen3-8b-q4.gguf" },
    ])
    expect(found.models.map(({ name }) => name)).toEqual([
      "ollama/llama3.2:3b",
      "ollama/nomic-embed-text",
      "llamacpp/qwen3-8b-q4",
      "llama3.2:3b",
      "nomic-embed-text",
      "qwen3-8b-q4",
    ])
    expect(ollama.asked).toEqual([{ path: "GET /v1/models", authorization: undefined }])
    expect(found.report).toContain(`Ollama at http://127.0.0.1:${ollama.port}: 2 models.`)
    expect(found.report).toContain(`llama.cpp at http://127.0.0.1:${llamacpp.port}: 1 model.`)
  })

  it("are not found where nothing listens, and the report says where was looked", async () => {
    const ports = await closedPorts()
    const found = await discover({ ...options, environment: nothing, ports }, signal)
    expect(found.models).toEqual([])
    expect(found.report).toEqual([
      `No model server on this machine: looked for Ollama at http://127.0.0.1:${ports.ollama}, LM Studio at http://127.0.0.1:${ports.lmstudio}, llama.cpp at http://127.0.0.1:${ports.llamacpp}.`,
      "No provider key in the environment: none of OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, MISTRAL_API_KEY and 7 others is set.",
    ])
  })

  it("hold up the start no longer than the limit when they accept and never answer", async () => {
    const silent = await serve(undefined)
    const ports = { ...(await closedPorts()), ollama: silent.port }
    const found = await discover({ ...options, probeTimeoutMs: 50, environment: nothing, ports }, signal)
    expect(found.models).toEqual([])
    expect(silent.asked).toHaveLength(1)
  })

  it.each([
    ["HTML", "<html>"],
    ["JSON of another shape", '{"hello":"world"}'],
    ["a list of other things", '{"data":[1,null,{"id":7},{"id":""}]}'],
    ["more than is read", `{"data":[{"id":"${"x".repeat(5 * 1024 * 1024)}"}]}`],
  ])("are not taken for one when they answer %s", async (_, body) => {
    const ports = { ...(await closedPorts()), lmstudio: (await serve(body)).port }
    expect((await discover({ ...options, environment: nothing, ports }, signal)).models).toEqual([])
  })

  it("are reported, not used, when they want a key", async () => {
    const locked = await serve("{}", 401)
    const found = await discover({ ...options, environment: nothing, ports: { ...(await closedPorts()), llamacpp: locked.port } }, signal)
    expect(found.models).toEqual([])
    expect(found.report[0]).toContain(`http://127.0.0.1:${locked.port} wants a key (HTTP 401)`)
  })

  it("are not looked for on the port of this server itself", async () => {
    const own = await serve(listOf("perdure/extractive"))
    const found = await discover(
      { ...options, ownPort: own.port, environment: nothing, ports: { ...(await closedPorts()), llamacpp: own.port } },
      signal,
    )
    expect(found.models).toEqual([])
    expect(own.asked).toEqual([])
  })

  it("are looked for where OLLAMA_HOST says", async () => {
    const ollama = await serve(listOf("phi4"))
    const { lmstudio, llamacpp } = await closedPorts()
    const environment = { ...nothing, ollamaUrl: `http://127.0.0.1:${ollama.port}` }
    const found = await discover({ ...options, environment, ports: { lmstudio, llamacpp } }, signal)
    expect(found.deployments.map(({ id }) => id)).toEqual(["ollama/phi4"])
  })
})

describe("provider keys", () => {
  it("give the known models at once, without a call", async () => {
    const found = await discover(
      { ...options, environment: { ...nothing, providerKeys: [key("openai"), key("anthropic")] }, ports: await closedPorts() },
      signal,
    )
    const mini = found.models.find(({ name }) => name === "gpt-5-mini")
    expect(mini?.deployments).toMatchObject([
      {
        id: "openai/gpt-5-mini",
        baseUrl: "https://api.openai.com/v1",
        apiKey: "sk-very-secret-1234",
        origin: "discovered: OPENAI_API_KEY",
      },
    ])
    expect(found.deployments.find(({ provider }) => provider === "anthropic")).toMatchObject({
      baseUrl: "https://api.anthropic.com/v1",
      dialect: "anthropic-messages",
      does: { chat: true, embeddings: false },
    })
    expect(found.report[0]).toMatch(/^OpenAI: OPENAI_API_KEY is set; \d+ models assumed until its own list is read\.$/)
    expect(JSON.stringify(found.report)).not.toContain("very-secret")
  })

  it("for an address of the operator's own are asked at start", async () => {
    const upstream = await serve(listOf("own-model", "own-embedding", "whisper-1"))
    const environment = { ...nothing, providerKeys: [key("openai", `http://127.0.0.1:${upstream.port}/v1/`)] }
    const found = await discover({ ...options, environment, ports: await closedPorts() }, signal)
    expect(found.deployments.map(({ id }) => id)).toEqual(["openai/own-model", "openai/own-embedding", "openai/whisper-1"])
    expect(upstream.asked).toEqual([{ path: "GET /v1/models", authorization: "Bearer sk-very-secret-1234" }])
  })

  it("of Anthropic are asked in its own way, wherever it is", async () => {
    const upstream = await serve(
      JSON.stringify({ data: [{ type: "model", id: "claude-opus-5", display_name: "Claude" }], has_more: false }),
    )
    const environment = { ...nothing, providerKeys: [key("anthropic", `http://127.0.0.1:${upstream.port}`)] }
    const found = await discover({ ...options, environment, ports: await closedPorts() }, signal)
    expect(found.deployments).toMatchObject([
      { id: "anthropic/claude-opus-5", dialect: "anthropic-messages", baseUrl: `http://127.0.0.1:${upstream.port}/v1` },
    ])
    expect(upstream.asked).toEqual([
      { path: "GET /v1/models?limit=1000", authorization: undefined, apiKey: "sk-very-secret-1234", version: "2023-06-01" },
    ])
  })

  it.each([
    ["Gemini", "gemini", { models: [{ name: "models/gemini-3-pro" }] }, "gemini-3-pro", "/v1beta/models?pageSize=1000"],
    ["Cohere", "cohere", { models: [{ name: "command-a" }] }, "command-a", "/v1beta/v1/models?page_size=1000"],
    ["Together", "together", [{ id: "meta/llama" }], "meta/llama", "/v1beta/models"],
  ] as const)("of %s give names although its list has another shape", async (_, provider, list, name, path) => {
    const upstream = await serve(JSON.stringify(list))
    const environment = { ...nothing, providerKeys: [key(provider, `http://127.0.0.1:${upstream.port}/v1beta`)] }
    const found = await discover({ ...options, environment, ports: await closedPorts() }, signal)
    expect(found.deployments.map(({ id }) => id)).toEqual([`${provider}/${name}`])
    expect(upstream.asked.map((asked) => asked.path)).toEqual([`GET ${path}`])
  })

  it("are asked again by a refresh, which sees new models, refusals, and silence", async () => {
    let status = 200
    const names = ["one"]
    const server = createServer((_, response) => response.writeHead(status).end(listOf(...names)))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
    const { port } = server.address() as AddressInfo
    const environment = { ...nothing, providerKeys: [key("openai", `http://127.0.0.1:${port}/v1`)] }
    const first = await discover({ ...options, environment, ports: await closedPorts() }, signal)
    names.push("two")
    const second = await first.refresh(signal)
    expect(second.deployments.map(({ id }) => id)).toEqual(["openai/one", "openai/two"])
    status = 401
    expect((await second.refresh(signal)).report[0]).toMatch(/but the key is refused \(HTTP 401\)/)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const unreachable = await second.refresh(signal)
    expect(unreachable.report[0]).toMatch(/configured but not reachable/)
    expect(unreachable.deployments.map(({ id }) => id)).toEqual(["openai/one", "openai/two"])
  })
})

describe("what a model does, by its name", () => {
  it.each([
    ["gpt-5-mini", "chat"],
    ["claude-sonnet-4-5", "chat"],
    ["llama3.2:3b", "chat"],
    ["qwen2.5-7b-instruct", "chat"],
    ["text-embedding-3-small", "embeddings"],
    ["nomic-embed-text:latest", "embeddings"],
    ["text-embedding-bge-m3", "embeddings"],
    ["all-minilm", "embeddings"],
    ["whisper-1", "transcription"],
    ["tts-1-hd", "speech"],
    ["gpt-4o-mini-tts", "speech"],
    ["dall-e-3", "images"],
    ["gpt-image-1", "images"],
    ["imagen-4.0-generate-001", "images"],
    ["amazon.nova-canvas-v1:0", "images"],
    ["stability.sd3-5-large-v1:0", "images"],
    ["black-forest-labs/FLUX.1-schnell", "images"],
    ["gemini-2.5-flash-preview-tts", "speech"],
    ["voxtral-mini-transcribe-2507", "transcription"],
    ["omni-moderation-latest", "moderation"],
    ["gpt-4o-realtime-preview", "realtime"],
    ["gpt-3.5-turbo-instruct", undefined],
  ])("%s: %s", (name, expected) => {
    const does = doesByName(name)
    const [only, ...others] = Object.entries(does ?? {}).flatMap(([what, can]) => (can ? [what] : []))
    expect([only, others]).toEqual([expected, []])
  })

  it("two things: Gemini's models that draw", () => {
    expect(doesByName("gemini-3-pro-image-preview")).toMatchObject({ chat: true, images: true })
  })
})
