// The main job, as a newcomer sees it: the demo in a fresh directory, and the same server killed while it answers.
import { spawn } from "node:child_process"
import { join } from "node:path"
import OpenAI from "openai"
import { describe, expect, it } from "vitest"
import { nodeFlags } from "../../packages/server/src/testing/node-flags.ts"
import { cleanEnvironment, startPerdure, temporaryDirectory } from "../support/server.ts"

const root = join(import.meta.dirname, "..", "..")

describe("the demo", () => {
  it("starts in a fresh directory, answers with citations, calls a tool, recalls a memory, and stops cleanly", async () => {
    const { code, output, urlAfterMs } = await runDemo()
    console.log(`the demo printed its URL after ${Math.round(urlAfterMs)} ms`)
    expect(output).toMatch(/URL +http:\/\/127\.0\.0\.1:\d+/)
    expect(output).toMatch(/API key +pk_/)
    expect(output).toMatch(/Dashboard +http:\/\/127\.0\.0\.1:\d+\/dashboard\/login\?token=/)
    expect(output).toContain("curl http://127.0.0.1")
    expect(output).toMatch(/cited: .*ARCHITECTURE\.md/)
    expect(output).toContain('it asks for get_weather({"city":"Lisbon"})')
    expect(output).toContain("21 °C and sunny in Lisbon")
    expect(output).toContain("recalls: Ada prefers to be called in the morning")
    expect(code).toBe(0)
  })
})

describe("a server that is killed and started again", () => {
  it("has what was acknowledged: key, files, answers, memories", async () => {
    await using directory = await temporaryDirectory()
    const first = await startPerdure({ dataDirectory: directory.path })
    const client = new OpenAI({ baseURL: `${first.url}/v1`, apiKey: first.apiKey })
    const file = await client.files.create({
      file: new File(["# Leave\n\nEverybody has 31 days of leave."], "leave.md"),
      purpose: "assistants",
    })
    const store = await client.vectorStores.create({ name: "handbook" })
    await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 100 })
    const tools: OpenAI.Responses.Tool[] = [{ type: "file_search", vector_store_ids: [store.id] }]
    const answer = await client.responses.create({ model: "perdure/extractive", input: "How many days of leave?", tools })
    expect(answer.output_text).toContain("31 days of leave")
    await first.kill()

    await using second = await startPerdure({ dataDirectory: directory.path, apiKey: first.apiKey })
    const again = new OpenAI({ baseURL: `${second.url}/v1`, apiKey: first.apiKey })
    expect((await again.responses.retrieve(answer.id)).output).toEqual(answer.output)
    expect((await again.files.retrieve(file.id)).bytes).toBe(file.bytes)
    const next = await again.responses.create({
      model: "perdure/extractive",
      input: "Who has 31 days of leave?",
      tools,
      previous_response_id: answer.id,
    })
    expect(next.output_text).toContain("Everybody")
  })
})

function runDemo(): Promise<{ code: number | null; output: string; urlAfterMs: number }> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...nodeFlags, join(root, "scripts", "demo.ts"), "--exit"], {
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  let urlAfterMs = Number.NaN
  const collect = (chunk: Buffer): void => {
    output += chunk.toString()
    if (Number.isNaN(urlAfterMs) && output.includes("http://")) urlAfterMs = performance.now() - startedAt
  }
  child.stdout.on("data", collect)
  child.stderr.on("data", collect)
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output, urlAfterMs })))
}
