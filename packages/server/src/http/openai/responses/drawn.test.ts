// Pictures that a chat model makes: an item of the response like those of OpenAI's own tool.
import { expect, it } from "vitest"
import { startFakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer } from "../../../testing/responses-server.ts"

const png = "iVBORw0KGgo="

it("a picture of Gemini's is an image_generation_call, between the words around it, in streams and in what is stored", async () => {
  await using provider = await startFakeProvider()
  const gemini = testDeployment(provider.url, { provider: "gemini", dialect: "gemini", upstreamModel: "gemini-2.5-flash-image" })
  await using server = await startResponsesServer({ models: [testModel("nano", gemini)] })
  const parts = [{ text: "Here: " }, { inlineData: { mimeType: "image/png", data: png } }, { text: "Done." }]
  const chunk = {
    candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 1290 },
  }
  const raw = { status: 200, headers: { "content-type": "text/event-stream" }, body: [`data: ${JSON.stringify(chunk)}\n\n`] }
  provider.next({ raw })
  const { events } = await send(server, "POST", "/v1/responses", { model: "nano", input: "Draw an otter", stream: true })
  assertStreamInvariants(events)
  const response = events.at(-1)?.["response"] as { id: string; output: object[]; usage: object }
  expect(response.output).toMatchObject([
    { type: "message", content: [{ text: "Here: " }] },
    { type: "image_generation_call", status: "completed", result: png, output_format: "png", id: expect.stringMatching(/^ig_/) as string },
    { type: "message", content: [{ text: "Done." }] },
  ])
  expect(events.filter(({ type }) => type.startsWith("response.image_generation_call.")).map(({ type }) => type.split(".").at(-1))).toEqual(
    ["in_progress", "generating", "completed"],
  )
  const stored = await send(server, "GET", `/v1/responses/${response.id}`)
  expect(stored.json["output"]).toEqual(response.output)
})
