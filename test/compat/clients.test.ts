// The matrix: clients that people have, unchanged, against models of their own dialect and of another; each answer and event is also
// checked against OpenAI's published description where it lies beside the repository.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type FakeScript } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"
import { aiSdkClients } from "./clients/ai-sdk.ts"
import { anthropicMessages } from "./clients/anthropic.ts"
import { pixel, type ClientOptions, type CompatClient } from "./clients/client.ts"
import { langChain } from "./clients/langchain.ts"
import { openAiChat, openAiResponses } from "./clients/openai.ts"
import { validation } from "./validation.ts"

const provider = await startFakeProvider()
const validated = validation()
const directory = await temporaryDirectory()
let server: StartedServer

beforeAll(async () => {
  const config = join(directory.path, "perdure.yaml")
  await writeFile(config, configText(provider.url))
  server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
  console.log(`${validated.checkedCount} answers and events were checked against OpenAI's description`)
})
afterEach(() => provider.always({}))

/** No retries here: a client's own are looked at. */
function configText(url: string): string {
  const origin = url.replace(/\/v1$/, "")
  return `discovery: false
limits: { sameDeploymentRetriesMax: 1, retryWaitMsMax: 1, breakerOpenMs: 1, breakerOpenMsMax: 1, coolDownMs: 1, coolDownMsMax: 1, breakerFailuresMax: 1000, breakerRequestsMin: 1000 }
providers:
  up: { baseUrl: "${url}", apiKey: "up-key" }
  claude: { type: anthropic, baseUrl: "${origin}", apiKey: "claude-key" }
models:
  gpt: { deployments: [{ provider: up, model: m }] }
  claude: { deployments: [{ provider: claude, model: claude-sonnet-4-5 }] }
`
}

const clients: readonly ((options: ClientOptions) => CompatClient)[] = [
  openAiChat,
  openAiResponses,
  anthropicMessages,
  ...[0, 1, 2, 3].map((index) => (options: ClientOptions) => aiSdkClients(options)[index] as CompatClient),
  langChain,
]
const names = clients.map((make) => make({ url: "http://127.0.0.1", apiKey: "none", fetch }).name)

/** A provider without structured output is asked for a tool instead. */
const structured: FakeScript = ({ body }) => {
  const choice = body["tool_choice"] as { name?: string; type?: string } | undefined
  const input = '{"city":"Lisbon"}'
  return choice?.type === "tool" ? { toolCalls: [{ id: "call_s", name: choice.name ?? "", arguments: input }] } : { text: input }
}
const weatherCall: FakeAnswer = { toolCalls: [{ id: "call_1", name: "weather", arguments: ['{"city":', '"Lisbon"}'] }] }

describe.each(names.map((name, index) => [name, index] as const))("%s", (_, index) => {
  describe.each(["gpt", "claude"])("on the model %s", (model) => {
    const client = (fetch = validated.fetch): CompatClient => {
      const make = clients[index]
      if (!make) throw new Error("no such client")
      return make({ url: server.url, apiKey: server.apiKey, fetch })
    }
    afterEach(async () => {
      const problems = await validated.problems()
      if (problems.length > 0) throw new Error(`not what OpenAI's description says:\n${problems.join("\n")}`)
    })

    it("gets text", async () => {
      provider.always({ text: "It is sunny." })
      expect(await client().text(model)).toBe("It is sunny.")
    })

    it("streams text in pieces", async () => {
      provider.always({ text: ["It ", "is ", "sunny 🌞."] })
      const pieces = await client().stream(model)
      expect(pieces.join("")).toBe("It is sunny 🌞.")
      expect(pieces.length).toBeGreaterThan(1)
    })

    it("gets a tool call with its arguments", async () => {
      provider.always(weatherCall)
      expect(await client().tool(model)).toEqual({ name: "weather", input: { city: "Lisbon" } })
    })

    it("gives a tool's result back", async () => {
      provider.always((request) => (request.text.includes("sunny") ? { text: "Take no umbrella." } : weatherCall))
      expect(await client().toolResult(model)).toBe("Take no umbrella.")
      expect(provider.last?.text).toContain("sunny")
    })

    it("gets structured output", async () => {
      provider.always(structured)
      expect(await client().structured(model)).toEqual({ city: "Lisbon" })
    })

    it("shows an image", async () => {
      provider.always({ text: "red" })
      expect(await client().image(model)).toBe("red")
      expect(provider.last?.text).toContain(pixel)
    })

    it("gets an error with its status", async () => {
      provider.always({ error: { status: 400, message: "400 no such thing", type: "invalid_request_error" } })
      expect(await client().errorStatus(model)).toBe(400)
    })

    it("leaves in the middle, and the provider is let go", async () => {
      provider.abortsCount = 0
      provider.always({ text: Array.from({ length: 50 }, (__, at) => `piece ${at} `), chunkDelayMs: 100 })
      // Whoever reads along would keep the answer alive.
      await client(globalThis.fetch).abort(model)
      await expect.poll(() => provider.abortsCount, { timeout: 60_000 }).toBeGreaterThan(0)
    })

    it("retries by itself what is worth it", async () => {
      const busy = { error: { status: 429, message: "slow down", headers: { "retry-after-ms": "20" } } }
      provider.next(busy, busy)
      provider.always({ text: "at last" })
      expect(await client().retried(model)).toBe("at last")
    })
  })
})
