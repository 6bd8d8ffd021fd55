// Paths of the configuration that lead to a provider: off by default, followed while the server runs, and their runs found.
import { afterAll, beforeAll, expect, it } from "vitest"
import { startPerdureServer, type PerdureServer } from "../testing/perdure-server.ts"

let server: PerdureServer
beforeAll(async () => {
  server = await startPerdureServer("pglite", "passThrough: [{ path: /fake, provider: fake, methods: [GET] }]")
})
afterAll(() => server[Symbol.asyncDispose]())

const get = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${server.apiKey}` } })

it("are there as the configuration says, are followed when it changes, and their runs say that the cost is unknown", async () => {
  const listed = await get("/fake/models")
  expect([listed.status, ((await listed.json()) as { object: string }).object]).toEqual([200, "list"])
  const runId = listed.headers.get("x-perdure-run-id")
  await expect.poll(async () => (await get(`/v1/runs/${runId}`)).status, { timeout: 20_000 }).toBe(200)
  const run = (await (await get(`/v1/runs/${runId}`)).json()) as { kind: string; usage: object; status: string }
  expect(run).toMatchObject({ kind: "pass_through", status: "completed", usage: { costKnown: false } })
  const { runs } = (await (await get("/v1/runs?kind=pass_through")).json()) as { runs: { id: string }[] }
  expect(runs.map(({ id }) => id)).toEqual([runId])

  const made = await fetch(`${server.url}/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "only the provider's own", scope: { endpoints: ["/fake/*"] } }),
  })
  const { secret } = (await made.json()) as { secret: string }
  const as = (path: string) => fetch(server.url + path, { headers: { authorization: `Bearer ${secret}` } })
  expect([(await as("/fake/models")).status, (await as("/v1/deployments")).status]).toEqual([200, 403])

  await server.reload("passThrough: [{ path: /other, provider: fake }]")
  expect((await get("/fake/models")).status).toBe(404)
  expect((await get("/other/models")).status).toBe(200)
  await server.reload("")
  expect((await get("/other/models")).status).toBe(404)
}, 60_000)
