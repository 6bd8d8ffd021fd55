// An erasure whose process is killed: it goes on when the server starts again, ends with its receipt, and leaves nothing.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { filesWith } from "../support/byte-search.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const word = "kanarie-55d0e7a1c9f2"
const notes = 120
/** How long the first process may work on it. */
const killAfterMs = 400

interface Erasure {
  id: string
  status: string
  receipt: { counts: { episodes: number }; verified: object } | null
}

function caller(server: StartedServer) {
  return async (method: string, path: string, body?: object): Promise<object> => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const response = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as object
  }
}

async function firstErasure(call: ReturnType<typeof caller>): Promise<Erasure> {
  for (;;) {
    const { erasures } = (await call("GET", "/v1/erasures")) as { erasures: Erasure[] }
    const [erasure] = erasures
    if (erasure !== undefined) return erasure
    await sleep(20)
  }
}

it("kill -9 in the middle of an erasure delays it, and neither loses nor repeats anything", async () => {
  await using directory = await temporaryDirectory()
  const config = join(directory.path, "perdure.yaml")
  const dataDirectory = join(directory.path, "data")
  writeFileSync(config, 'grants: [{ to: "*", allow: ["memory.write:*", "memories.erase:*"] }]\ndiscovery: false\n')
  let server = await startPerdure({ dataDirectory, config })
  const { apiKey } = server
  let call = caller(server)
  for (let index = 0; index < notes; index++)
    await call("POST", "/v1/memories", { scope: "user:zoe", text: `Note ${index}: ${word} was seen over the harbour again.` })
  await call("POST", "/v1/memories", { scope: "user:zoe", text: "The harbour opens at nine." })

  // Its answer is lost with the process.
  call("POST", "/v1/erasures", { query: word }).catch(() => undefined)
  await firstErasure(call)
  await sleep(killAfterMs)
  await server.kill()
  server = await startPerdure({ dataDirectory, config, apiKey })
  call = caller(server)
  let erasure = await firstErasure(call)
  for (; erasure.status === "in_progress"; erasure = await firstErasure(call)) await sleep(200)
  expect(erasure).toMatchObject({
    status: "completed",
    receipt: { counts: { episodes: notes }, verified: { rows: {}, filesContaining: [] } },
  })
  const { memories } = (await call("GET", "/v1/memories?scope=user%3Azoe&limit=50")) as { memories: { text: string }[] }
  expect(memories.map(({ text }) => text)).toEqual(["The harbour opens at nine."])
  await server[Symbol.asyncDispose]()
  expect(filesWith(dataDirectory, word)).toEqual([])
})
