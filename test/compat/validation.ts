// A fetch that checks what comes back against OpenAI's published description, where it lies beside the repository.
import { loadOpenAiSchema, openAiSchemaMissing } from "../../packages/server/src/testing/openai-schema.ts"

const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined

/** Where the description is stricter than the service and its clients: `usage` is null until a response has ended. */
const knownDifferences = /\/response\/usage must be object/

export interface Validation {
  fetch: typeof fetch
  /** Waits for what was read beside the client, and gives the problems since the last time. */
  problems: () => Promise<string[]>
  /** Answers and events that were checked. */
  readonly checkedCount: number
}

const wholes: Readonly<Record<string, string>> = {
  "/v1/chat/completions": "CreateChatCompletionResponse",
  "/v1/responses": "Response",
  "/v1/embeddings": "CreateEmbeddingResponse",
}

export function validation(): Validation {
  const found: string[] = []
  let reading: Promise<void>[] = []
  let checkedCount = 0
  const check = (name: string, problems: string[]): void => {
    checkedCount += 1
    found.push(...problems.filter((problem) => !knownDifferences.test(problem)).map((problem) => `${name}: ${problem}`))
  }
  const read = async (path: string, response: Response): Promise<void> => {
    const text = await response.text().catch(() => "") // a client that left
    if (!schema || !response.ok) return
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const name = wholes[path]
      if (name !== undefined) check(name, schema.problems(name, JSON.parse(text)))
      return
    }
    for (const data of dataOf(text)) {
      if (path === "/v1/chat/completions") check("chunk", schema.problems("CreateChatCompletionStreamResponse", data))
      else if (path === "/v1/responses") check((data as { type: string }).type, schema.eventProblems(data as { type: string }))
    }
  }
  return {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const url = input instanceof Request ? input.url : String(input)
      const [own, copy] = response.body ? response.body.tee() : [null, null]
      const { status, statusText, headers } = response
      if (copy) reading.push(read(new URL(url).pathname, new Response(copy, { status, statusText, headers })))
      return new Response(own, { status, statusText, headers })
    },
    problems: async () => {
      const now = reading
      reading = []
      await Promise.all(now)
      return found.splice(0)
    },
    get checkedCount() {
      return checkedCount
    },
  }
}

/** Whole frames only. */
function dataOf(text: string): unknown[] {
  const frames = text.split("\n\n").slice(0, -1)
  const data = frames.flatMap((frame) => frame.split("\n").filter((line) => line.startsWith("data: {")))
  return data.map((line) => JSON.parse(line.slice(6)) as unknown)
}
