// Golden fixtures of pictures, sounds, moderation and ranks: each provider's own request and answer pass the gateway unchanged, OpenAI's become the provider's where it has other words, and their usage is read.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { providerTypeNames } from "../../config/index.ts"
import type { JsonObject } from "../../core/index.ts"
import { providerDeployment } from "../../inference/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { startTestGateway, testKey, testModel } from "../../testing/gateway.ts"
import { loadOpenAiSchema, openAiSchemaMissing } from "../../testing/openai-schema.ts"
import { mediaEndpoints } from "./endpoints.ts"

interface FormFile {
  name: string
  type: string
  base64: string
}

type FormFields = readonly (readonly [name: string, value: string | FormFile])[]

/** `fixtures/<provider>-<case>.json` */
interface MediaFixture {
  name: string
  about: string
  /** Pages that it was written from, by hand. None was recorded from a real call. */
  source: readonly string[]
  provider: string
  model: string
  path: string
  /** Where its provider is asked, when that is another one. */
  upstreamPath?: string
  /** What its provider is asked, without the model, when that has other words. */
  asked?: JsonObject | FormFields
  /** Without the model: JSON, or the fields of a form. */
  sent: JsonObject | FormFields
  answerType?: string
  /** Bytes in base64 where it is no JSON. */
  answer: JsonObject | string
  /** Of the record of the run. */
  record: JsonObject
}

const folder = join(import.meta.dirname, "fixtures")
const fixtures = readdirSync(folder).map((file): MediaFixture => {
  const fixture = JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<MediaFixture, "name">
  return { name: file.replace(/\.json$/, ""), ...fixture }
})

const provider = await startFakeProvider()
const can = { chat: false, embeddings: false, images: true, speech: true, transcription: true, moderation: true, rerank: true }
const gateway = await startTestGateway({
  models: fixtures.map(({ name, provider: type, model }) => {
    const place = {
      id: `${type}/${name}`,
      provider: type,
      baseUrl: type === "azure" ? new URL(provider.url).origin : provider.url,
      apiKey: "up-key",
      upstreamModel: model,
    }
    return testModel(name, providerDeployment({ ...place, does: can, contextTokensMax: null, origin: "fixture" }))
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
})

function isForm(sent: MediaFixture["sent"]): sent is FormFields {
  return Array.isArray(sent)
}

function formOf(model: string, sent: FormFields): FormData {
  const form = new FormData()
  form.append("model", model)
  for (const [name, value] of sent)
    if (typeof value === "string") form.append(name, value)
    else form.append(name, new File([Buffer.from(value.base64, "base64")], value.name, { type: value.type }))
  return form
}

/** Names and values of a form as it came, bytes as latin-1. */
async function fieldsOf(text: string | Uint8Array<ArrayBuffer>, type: string): Promise<string[]> {
  const form = await new Response(text, { headers: { "content-type": type } }).formData()
  const each = async ([name, value]: [string, FormDataEntryValue]): Promise<string> =>
    typeof value === "string" ? `${name}=${value}` : `${name}=${value.name} ${value.type} ${(await value.bytes()).length}`
  return (await Promise.all([...form].map(each))).toSorted()
}

async function ask({ name, path, sent }: MediaFixture): Promise<Response> {
  const authorization = `Bearer ${testKey}`
  if (isForm(sent)) return fetch(gateway.url + path, { method: "POST", headers: { authorization }, body: formOf(name, sent) })
  const headers = { authorization, "content-type": "application/json" }
  return fetch(gateway.url + path, { method: "POST", headers, body: JSON.stringify({ model: name, ...sent }) })
}

describe("golden fixtures of media", () => {
  it.each(fixtures)("$name passes to its provider and back, and is counted", async (fixture) => {
    const { path, upstreamPath = path, sent, asked, model, answer, answerType = "application/json", record, source } = fixture
    expect(source.length).toBeGreaterThan(0)
    const bytes = typeof answer === "string" ? Buffer.from(answer, "base64") : Buffer.from(JSON.stringify(answer))
    provider.next({ raw: { status: 200, headers: { "content-type": answerType }, body: [bytes] } })
    const got = await ask(fixture)
    expect(got.status).toBe(200)
    expect(got.headers.get("content-type")).toBe(answerType)
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
    const { last } = provider
    expect(last?.path).toBe(upstreamPath)
    const wanted = asked ?? sent
    const type = String(last?.headers["content-type"])
    if (isForm(wanted)) {
      const plain = new Response(formOf(model, wanted))
      expect(await fieldsOf(last?.text ?? "", type)).toEqual(await fieldsOf(await plain.bytes(), plain.headers.get("content-type") ?? ""))
    } else {
      expect(type).toBe("application/json")
      expect(last?.body).toEqual({ model, ...wanted })
    }
    await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
    expect(gateway.records[0]).toMatchObject({ model: fixture.name, outcome: "completed", status: 200, ...record })
  })
})

const requestSchemas: Readonly<Record<string, string>> = {
  "/v1/images/generations": "CreateImageRequest",
  "/v1/audio/speech": "CreateSpeechRequest",
  "/v1/moderations": "CreateModerationRequest",
}
const answerSchemas: Readonly<Record<string, string>> = {
  "/v1/images/generations": "ImagesResponse",
  "/v1/moderations": "CreateModerationResponse",
}

describe.skipIf(openAiSchemaMissing)(`OpenAI's fixtures of media ${openAiSchemaMissing ?? ""}`, () => {
  const schema = openAiSchemaMissing === undefined ? loadOpenAiSchema() : undefined
  const own = fixtures.filter(({ provider: type }) => type === "openai")
  const asked = own.flatMap(({ name, path, model, sent }) => {
    const described = requestSchemas[path]
    return described === undefined ? [] : [{ name, described, body: { model, ...sent } }]
  })
  const answered = own.flatMap(({ name, path, answer }) => {
    const described = answerSchemas[path]
    return described === undefined ? [] : [{ name, described, answer }]
  })

  it.each(asked)("$name asks for what OpenAI describes", ({ described, body }) => {
    expect(schema?.problems(described, body)).toEqual([])
  })

  it.each(answered)("$name answers what OpenAI describes", ({ described, answer }) => {
    expect(schema?.problems(described, answer)).toEqual([])
  })
})

it("each kind of endpoint has fixtures, each of a provider that is known", () => {
  const kinds = new Set(mediaEndpoints.map(({ kind, needs }) => `${kind} ${needs}`))
  const shown = new Set(
    fixtures.flatMap(({ path }) => mediaEndpoints.filter((each) => each.path === path).map(({ kind, needs }) => `${kind} ${needs}`)),
  )
  expect([...shown].toSorted()).toEqual([...kinds].toSorted())
  expect(fixtures.filter(({ provider: type }) => !providerTypeNames.some((name) => name === type))).toEqual([])
})
