// A provider that takes a connection and never finishes opening it: given up after the deployment's own time, by chat completions and by Responses.
import { createServer, type AddressInfo, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"
import { send } from "../../testing/response-client.ts"
import { startResponsesServer } from "../../testing/responses-server.ts"

const cleanUps = new AsyncDisposableStack()
const sockets: Socket[] = []
let spare: FakeProvider
let ask: Record<"chat" | "responses", (model: string) => Promise<{ status: number; text: string }>>

beforeAll(async () => {
  // It says nothing to a greeting of TLS, so the connection is never open.
  const silent = createServer((socket) => void sockets.push(socket.on("error", () => undefined)))
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
  cleanUps.defer(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  spare = cleanUps.use(await startFakeProvider({ text: "from the spare" }))
  const { port } = silent.address() as AddressInfo // listening on TCP gives one
  const slow = testDeployment(`https://127.0.0.1:${port}/v1`, { id: "fake/silent", timeouts: { connectMs: 300 } })
  const models = [testModel("alone", slow), testModel("pair", slow, testDeployment(spare.url, { id: "fake/spare", priority: 1 }))]
  const limits = { sameDeploymentRetriesMax: 0, connectTimeoutMs: 600_000 }
  const gateway = cleanUps.use(await startTestGateway({ models, limits }))
  const server = cleanUps.use(await startResponsesServer({ models, limits }))
  ask = {
    chat: (model) => rawPost(gateway.url, "/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }] }),
    responses: (model) => send(server, "POST", "/v1/responses", { model, input: "hi" }),
  }
})
afterAll(() => cleanUps.disposeAsync())

describe.each(["chat", "responses"] as const)("T4 the time to connect of a deployment, in %s", (face) => {
  it("ends in an error that names it, its time and what to do", async () => {
    const { status, text } = await ask[face]("alone")
    expect(status).toBe(504)
    expect(text).toContain("fake/silent")
    expect(text).toContain("300 ms")
  })

  it("leads to another deployment where there is one", async () => {
    const { status, text } = await ask[face]("pair")
    expect([status, text.includes("from the spare")]).toEqual([200, true])
  })
})
