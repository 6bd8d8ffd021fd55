// The demo: starts Perdure in a fresh data directory and plays its main job against it as an ordinary client, then leaves it running.
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { styleText } from "node:util"
import OpenAI, { toFile } from "openai"
import { startServer, type RunningServer } from "./demo/server.ts"

const root = join(import.meta.dirname, "..")
const documents = ["README.md", "ARCHITECTURE.md", "SECURITY.md"]
const question = "What happens to a run when the process is killed?"
const stopAfterwards = process.argv.includes("--exit")

const heading = (text: string): void => console.log(`\n${styleText("bold", text)}`)
const dim = (text: string): string => styleText("dim", text)

const directory = await mkdtemp(join(tmpdir(), "perdure-demo-"))
await using server = await startServer(directory)
printWelcome(server)
try {
  await playMainJob(server)
} catch (error) {
  if (server.isStopped()) console.error("\nStopped before the end.")
  else console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
if (!stopAfterwards && process.exitCode === undefined) {
  heading(`Perdure is still running at ${server.url}`)
  console.log(`Open the dashboard: ${server.dashboardUrl}\nPress Ctrl-C to stop it. Its data is in ${directory} and goes when it stops.`)
  await server.stopped
}
await server[Symbol.asyncDispose]()
await rm(directory, { recursive: true, force: true })

function printWelcome({ url, apiKey, dashboardUrl }: RunningServer): void {
  heading("Perdure is running")
  console.log(`  URL        ${url}`)
  console.log(`  API key    ${apiKey}`)
  console.log(`  Dashboard  ${dashboardUrl}  ${dim("(works once)")}`)
  console.log(`
  curl ${url}/v1/chat/completions \\
    -H "authorization: Bearer ${apiKey}" -H "content-type: application/json" \\
    -d '{"model": "perdure/extractive", "messages": [{"role": "user", "content": "Who are you?"}]}'`)
}

async function playMainJob({ url, apiKey }: RunningServer): Promise<void> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey })
  const vectorStoreId = await uploadDocuments(client)
  await askAboutDocuments(client, vectorStoreId)
  await callFunctionTool(client)
  await rememberAndRecall(url, apiKey)
}

async function uploadDocuments(client: OpenAI): Promise<string> {
  heading("1. Upload three documents and index them")
  const files: string[] = []
  for (const name of documents) {
    const file = await client.files.create({ file: await toFile(await readFile(join(root, name)), basename(name)), purpose: "assistants" })
    files.push(file.id)
    console.log(`  ${name.padEnd(16)} ${String(file.bytes).padStart(6)} bytes  ${dim(file.id)}`)
  }
  const store = await client.vectorStores.create({ name: "Perdure's own documents" })
  for (const id of files) {
    const indexed = await client.vectorStores.files.createAndPoll(store.id, { file_id: id }, { pollIntervalMs: 200 })
    if (indexed.status !== "completed") throw new Error(`${id} was not indexed: ${indexed.last_error?.message ?? indexed.status}`)
  }
  console.log(`  indexed in ${dim(store.id)}`)
  return store.id
}

async function askAboutDocuments(client: OpenAI, vectorStoreId: string): Promise<void> {
  heading(`2. Ask: ${question}`)
  const stream = client.responses.stream({
    model: "perdure/extractive",
    input: question,
    tools: [{ type: "file_search", vector_store_ids: [vectorStoreId] }],
  })
  stream.on("response.output_text.delta", (event) => process.stdout.write(event.delta))
  const response = await stream.finalResponse()
  const citations = response.output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .flatMap((part) => ("annotations" in part ? part.annotations : []))
  const cited = citations.flatMap((each) => (each.type === "file_citation" ? [`${each.filename} ${dim(`at ${each.index}`)}`] : []))
  if (cited.length === 0) throw new Error("the answer carries no citation")
  console.log(`\n  cited: ${cited.join(", ")}`)
  console.log(dim(`  ${response.id}, ${response.usage?.input_tokens ?? 0} tokens in, ${response.usage?.output_tokens ?? 0} out`))
}

async function callFunctionTool(client: OpenAI): Promise<void> {
  heading("3. Let it call a function tool: What is the weather in Lisbon?")
  const tools: OpenAI.Responses.FunctionTool[] = [
    {
      type: "function",
      name: "get_weather",
      description: "Get the current weather in a city",
      parameters: {
        type: "object",
        properties: { city: { type: "string", description: "Name of the city" } },
        required: ["city"],
        additionalProperties: false,
      },
      strict: true,
    },
  ]
  const first = await client.responses.create({ model: "perdure/extractive", input: "What is the weather in Lisbon?", tools })
  const call = first.output.find((item) => item.type === "function_call")
  if (!call) throw new Error("the model called no tool")
  console.log(`  it asks for ${call.name}(${call.arguments})`)
  const output = `It is 21 °C and sunny in ${(JSON.parse(call.arguments) as { city: string }).city}.`
  const second = await client.responses.create({
    model: "perdure/extractive",
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: call.call_id, output }],
    tools,
  })
  console.log(`  and answers: ${second.output_text}`)
}

async function rememberAndRecall(url: string, apiKey: string): Promise<void> {
  heading("4. Remember something, and recall it by meaning")
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
    const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return response.json()
  }
  await post("/v1/memories", { text: "Ada prefers to be called in the morning, never after lunch." })
  await post("/v1/memories", { text: "The invoice of October was paid." })
  const found = (await post("/v1/memories/search", { query: "When may I phone Ada?", limit: 1 })) as { memories: { text: string }[] }
  console.log(`  remembered two things; "When may I phone Ada?" recalls: ${found.memories[0]?.text ?? "nothing"}`)
}
