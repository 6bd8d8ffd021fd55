// OpenAI's golden fixtures against OpenAI's published description: the requests that we make, and the answers that were written by hand.
import { describe, expect, it } from "vitest"
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../testing/openai-schema.ts"
import { readFixtures, type Fixture } from "./golden.fixtures.ts"

const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined
const fixtures = readFixtures().filter(({ about }) => about.provider === "openai")

function isResponses(path: string): boolean {
  return path.startsWith("/responses")
}

function eventsIn(bytes: Uint8Array): JsonObject[] {
  const lines = Buffer.from(bytes).toString().split("\n")
  const data = lines.filter((line) => line.startsWith("data: {")).map((line) => JSON.parse(line.slice("data: ".length)) as unknown)
  return data.filter(isJsonObject).filter((event) => event["error"] === undefined)
}

function problemsOfEvent(event: JsonObject): string[] {
  const type = event["type"]
  const found =
    typeof type === "string" ? schema?.eventProblems({ ...event, type }) : schema?.problems("CreateChatCompletionStreamResponse", event)
  return found ?? []
}

describe.skipIf(openAiSchemaMissing)(`OpenAI's fixtures${openAiSchemaMissing === undefined ? "" : ` (${openAiSchemaMissing})`}`, () => {
  it.each(fixtures.filter(({ request }) => request))("$name asks for what OpenAI describes", ({ request }) => {
    const { path, body, streamed } = request as NonNullable<Fixture["request"]> // filtered
    const name = isResponses(path) ? "CreateResponse" : "CreateChatCompletionRequest"
    expect(schema?.problems(name, body)).toEqual([])
    expect(schema?.problems(name, { ...body, ...streamed?.body })).toEqual([])
  })

  it.each(fixtures.filter(({ answer }) => answer))("$name answers what OpenAI describes", ({ answer }) => {
    const name = answer?.content["object"] === "response" ? "Response" : "CreateChatCompletionResponse"
    expect(schema?.problems(name, answer?.content)).toEqual([])
  })

  it.each(fixtures.filter(({ stream }) => stream))("$name streams what OpenAI describes", ({ stream }) => {
    expect(eventsIn(stream?.content ?? new Uint8Array()).flatMap(problemsOfEvent)).toEqual([])
  })
})
