// Golden fixtures of the provider dialects: one folder per provider and case, read by the test beside this file.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { awsMessage } from "./bedrock/event-stream.fixtures.ts"
import { blankCall } from "../blank-call.ts"
import type { Deployment, ModelCall, ModelEvent } from "../types.ts"
import { providerDeployment } from "./deployment.ts"

/**
 * `<dialect>/fixtures/<provider>-<case>/`
 * - `case.json`: what it is, where the shapes are documented, the deployment and the call
 * - `request.json`: path and body that the call must become; `streamed` is merged into both for a stream
 * - `stream.txt` (or `stream.aws.json`: the messages of AWS's binary stream, `stream.base64`: any other) and `stream.events.json`: bytes, and what must be read from them
 * - `answer.json` and `answer.events.json`: the same for an answer that is not streamed
 * - `error.json`: answers with an error status, and what becomes of them
 * An `….error.json` in place of `….events.json` says how reading must fail.
 *
 * `<dialect>/fixtures/<provider>-<case>.json` is the same in one file: `request`, `answer`, `answerEvents`, `errors`, and `stream` as a list
 * of frames (an object or a word is data; what begins with `:` or `event:` stands as it is) with `streamEvents` or `streamError`.
 */
export interface Fixture {
  name: string
  about: FixtureAbout
  deployment: Deployment
  call: ModelCall
  request: FixtureRequest | undefined
  stream: FixtureAnswer<Uint8Array> | undefined
  answer: FixtureAnswer<JsonObject> | undefined
  errors: readonly FixtureError[]
}

interface FixtureAbout {
  about: string
  /** Pages and types that the bytes were written from, by hand. None was recorded from a real call. */
  source: readonly string[]
  provider: string
  model: string
  dialect?: "chat" | "responses"
  settings?: JsonObject
  call?: Partial<ModelCall>
}

export interface FixtureRequest {
  path: string
  headers?: Readonly<Record<string, string>>
  body: JsonObject
  streamed?: { path?: string; body?: JsonObject }
}

export interface FixtureAnswer<Content> {
  content: Content
  events?: readonly ModelEvent[]
  /** Members of the error that reading throws. */
  error?: JsonObject
}

interface FixtureError {
  status: number
  headers?: Record<string, string>
  body: JsonValue
  becomes: JsonObject
}

const plainCall: ModelCall = {
  ...blankCall,
  model: "logical-name",
  messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
  toolChoice: "auto",
  parallelToolCalls: true,
}

/** A call of which only what is given is unusual. */
export function callOf(part: Partial<ModelCall> = {}): ModelCall {
  return { ...plainCall, ...part }
}

/** A deployment of a provider at an address where nothing is called. */
export function deploymentOf({
  provider,
  model,
  dialect,
  settings,
}: Pick<FixtureAbout, "provider" | "model" | "dialect" | "settings">): Deployment {
  return providerDeployment({
    id: `${provider}/${model}`,
    provider,
    baseUrl: "https://provider.example/v1",
    apiKey: "sk-upstream-secret",
    upstreamModel: model,
    ...(dialect ? { dialect } : {}),
    ...(settings ? { settings } : {}),
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    origin: "fixture",
  })
}

export function readFixtures(): Fixture[] {
  const dialects = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return dialects.flatMap(({ name }) => {
    const folder = join(import.meta.dirname, name, "fixtures")
    if (!existsSync(folder)) return []
    return readdirSync(folder).map((each) => (each.endsWith(".json") ? readFile(folder, each) : readFixture(join(folder, each))))
  })
}

function readFixture(folder: string): Fixture {
  const about = jsonIn(folder, "case.json") as FixtureAbout | undefined
  if (!about) throw new Error(`${folder} has no case.json`)
  const bytes = bytesIn(folder)
  const answer = jsonIn(folder, "answer.json") as JsonObject | undefined
  return {
    name: relative(import.meta.dirname, folder).replace("/fixtures/", ": "),
    about,
    deployment: deploymentOf(about),
    call: callOf(about.call),
    request: jsonIn(folder, "request.json") as FixtureRequest | undefined,
    stream: bytes && { content: bytes, ...expected(folder, "stream") },
    answer: answer && { content: answer, ...expected(folder, "answer") },
    errors: (jsonIn(folder, "error.json") as FixtureError[] | undefined) ?? [],
  }
}

interface FixtureFile extends FixtureAbout {
  request?: FixtureRequest
  answer?: JsonObject
  answerEvents?: ModelEvent[]
  stream?: (JsonObject | string)[]
  streamEvents?: ModelEvent[]
  streamError?: JsonObject
  errors?: FixtureError[]
}

function readFile(folder: string, file: string): Fixture {
  const about = jsonIn(folder, file) as FixtureFile // as the comment above says
  const { answer, answerEvents, stream, streamEvents, streamError } = about
  const content = stream && Buffer.from(stream.map(frameOf).join(""))
  return {
    name: relative(import.meta.dirname, join(folder, file))
      .replace("/fixtures/", ": ")
      .replace(/\.json$/, ""),
    about,
    deployment: deploymentOf(about),
    call: callOf(about.call),
    request: about.request,
    stream: content && { content, ...(streamEvents ? { events: streamEvents } : {}), ...(streamError ? { error: streamError } : {}) },
    answer: answer && { content: answer, ...(answerEvents ? { events: answerEvents } : {}) },
    errors: about.errors ?? [],
  }
}

function frameOf(frame: JsonObject | string): string {
  if (typeof frame !== "string") return `data: ${JSON.stringify(frame)}\n\n`
  return /^(?::|event:)/.test(frame) ? `${frame}\n\n` : `data: ${frame}\n\n`
}

function bytesIn(folder: string): Uint8Array | undefined {
  const text = join(folder, "stream.txt")
  if (existsSync(text)) return readFileSync(text)
  const messages = jsonIn(folder, "stream.aws.json") as { headers: Record<string, string>; payload: JsonValue }[] | undefined
  if (messages) return Buffer.concat(messages.map(({ headers, payload }) => awsMessage(headers, JSON.stringify(payload))))
  const base64 = join(folder, "stream.base64")
  return existsSync(base64) ? Buffer.from(readFileSync(base64, "utf8"), "base64") : undefined
}

function expected(folder: string, what: string): { events?: ModelEvent[]; error?: JsonObject } {
  const events = jsonIn(folder, `${what}.events.json`) as ModelEvent[] | undefined
  const error = jsonIn(folder, `${what}.error.json`) as JsonObject | undefined
  return { ...(events ? { events } : {}), ...(error ? { error } : {}) }
}

function jsonIn(folder: string, file: string): unknown {
  const path = join(folder, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined
}
