// Whom messages of Claude Code are counted for: its sessions are one user, whatever else it names, and Anthropic is sent what it said.
import { afterAll, beforeAll, expect, it } from "vitest"
import { startPerdureServer, type PerdureServer } from "../../testing/perdure-server.ts"

let server: PerdureServer
beforeAll(async () => {
  server = await startPerdureServer("pglite", 'budgets: [{ name: each-user, for: { user: "*" }, requests: 2, per: total }]')
})
afterAll(() => server[Symbol.asyncDispose]())

const ask = async (model: string, userId: string): Promise<number> => {
  const body = { model, max_tokens: 10, metadata: { user_id: userId }, messages: [{ role: "user", content: "Hi" }] }
  const headers = { "x-api-key": server.apiKey, "content-type": "application/json", "anthropic-version": "2023-06-01" }
  return (await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(body) })).status
}
const device = "7dbf3caf4680b174b936b259b0a43822"

it.each([
  ["of a device", (session: string) => JSON.stringify({ device_id: device, account_uuid: "", session_id: session })],
  ["of an account", (session: string) => JSON.stringify({ device_id: device, account_uuid: "acc-1", session_id: session })],
  ["as versions before named them", (session: string) => `user_${device}0_account__session_${session}`],
])("are counted together: sessions %s", async (_what, named) => {
  expect([await ask("claude", named("s-1")), await ask("fake", named("s-2"))]).toEqual([200, 200])
  expect(await ask("claude", named("s-3"))).toBe(402)
})

it("are sent to Anthropic as they were, and other users are who they say", async () => {
  const said = JSON.stringify({ device_id: "d2", account_uuid: "", session_id: "s-1" })
  expect(await ask("claude", said)).toBe(200)
  expect(server.provider.last?.body["metadata"]).toEqual({ user_id: said })
  for (const other of ["{no json", '{"tenant":"a"}', "user_1", "user_1_session_2"])
    expect([await ask("claude", other), await ask("claude", `${other}x`)]).toEqual([200, 200])
})
