// A fetch that checks what comes back against OpenAI's published description, where it lies beside the repository.
import { loadOpenAiSchema, openAiSchemaMissing, type AnswerKind } from "../../packages/server/src/testing/openai-schema.ts"

const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined

/** Where the description is stricter than the service and its clients, each as a problem of an operation. */
const knownDifferences: readonly RegExp[] = [
  // Null until a response has ended.
  /\/responses.* (?:\/response)?\/usage must be object/,
  // Described as numbers alone; both clients of OpenAI's ask for base64.
  /\/embeddings.* \/data\/\d+\/embedding must be array/,
  // OpenAI answers null for what a file, a store or a batch does not have.
  /\/(?:files|vector_stores|batches).* (?:\/data\/\d+)?\/(?:status_details|expires_after|errors|model) must be (?:string|object)/,
  // What is ours stands in a member of that name.
  /must NOT have additional properties \{"additionalProperty":"perdure"\}/,
]

export interface Validation {
  fetch: typeof fetch
  /** Waits for what was read beside the client, and gives the problems since the last time. */
  problems: () => Promise<string[]>
  /** Answers and events that were checked. */
  readonly checkedCount: number
  /** What was checked, as `POST /responses text/event-stream`; errors as `POST /responses error`. */
  readonly checked: ReadonlySet<string>
}

interface Asked {
  method: string
  path: string
}

export function validation(): Validation {
  const found: string[] = []
  const checked = new Set<string>()
  let reading: Promise<void>[] = []
  let checkedCount = 0
  const check = (name: string, problems: readonly string[] | undefined): void => {
    if (problems === undefined) return
    checkedCount += 1
    checked.add(name)
    const told = problems.map((problem) => `${name}: ${problem}`)
    found.push(...told.filter((problem) => !knownDifferences.some((known) => known.test(problem))))
  }
  const read = async ({ method, path }: Asked, response: Response): Promise<void> => {
    const text = await response.text().catch(() => "") // a client that left
    const operation = schema?.operationOf(method, path)
    if (!schema || operation === undefined) return
    const type = response.headers.get("content-type") ?? ""
    if (!response.ok) check(`${operation} error`, schema.problems("ErrorResponse", JSON.parse(text)))
    else if (type.startsWith("application/json")) checkOne(operation, "application/json", JSON.parse(text))
    else if (type.startsWith("text/event-stream")) for (const data of dataOf(text)) checkOne(operation, "text/event-stream", data)
  }
  const checkOne = (operation: string, kind: AnswerKind, value: unknown): void => {
    // Of all events that a response may have, the schema of its own type says what is wrong with one.
    const isEvent = kind === "text/event-stream" && operation.endsWith("/responses")
    const problems = isEvent ? schema?.eventProblems(value as { type: string }) : schema?.answerProblems(operation, kind, value)
    check(`${operation} ${kind}`, problems)
  }
  return {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const url = input instanceof Request ? input.url : String(input)
      const method = init?.method ?? (input instanceof Request ? input.method : "GET")
      const [own, copy] = response.body ? response.body.tee() : [null, null]
      const { status, statusText, headers } = response
      const asked = { method: method.toUpperCase(), path: new URL(url).pathname }
      if (copy) reading.push(read(asked, new Response(copy, { status, statusText, headers })))
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
    checked,
  }
}

/** Whole frames only. */
function dataOf(text: string): unknown[] {
  const frames = text.split("\n\n").slice(0, -1)
  const data = frames.flatMap((frame) => frame.split("\n").filter((line) => line.startsWith("data: {")))
  return data.map((line) => JSON.parse(line.slice(6)) as unknown)
}
