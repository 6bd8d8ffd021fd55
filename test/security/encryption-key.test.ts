// The operator's key on a server as it is started: what is in the database does not open without it, another key is refused, rotation changes it.
import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { parseMasterKey } from "../../packages/server/src/security/index.ts"
import { runPerdure, startPerdure, temporaryDirectory } from "../support/server.ts"

const said = "The vault of the harbour master is behind the map."

it("is put into force, needed at every start, and replaced", async () => {
  await using directory = await temporaryDirectory()
  const at = (name: string): string => join(directory.path, name)
  const config = at("perdure.yaml")
  const dataDirectory = at("data")
  const configure = (encryption: string): void =>
    writeFileSync(config, `discovery: false\n${encryption}grants: [{ to: "*", allow: ["memory.write:*", "memories.erase:*"] }]\n`)
  const [one, two] = ["one.key", "two.key"].map((name) => {
    const text = randomBytes(32).toString("base64")
    writeFileSync(at(name), text)
    return { text, fingerprint: parseMasterKey(text)?.fingerprint }
  })

  configure(`encryption: { key: { file: one.key } }\n`)
  let apiKey: string
  {
    await using server = await startPerdure({ dataDirectory, config })
    apiKey = server.apiKey
    expect(await call(server.url, apiKey, "POST", "/v1/memories", { scope: "user:ada", text: said })).toMatchObject({ text: said })
  }
  configure("")
  const failed = await startPerdure({ dataDirectory, config }).then(() => "", String)
  expect(failed).toContain(`wrapped by the key with the fingerprint ${one?.fingerprint}; no key is configured`)
  expect(failed).not.toContain(one?.text)
  configure(`encryption: { key: { file: two.key }, previousKeys: [{ file: one.key }] }\n`)
  const rotated = await runPerdure(["encryption", "rotate", "--data", dataDirectory, "--config", config, "--json"])
  expect(JSON.parse(rotated.stdout)).toMatchObject({ fingerprint: two?.fingerprint, left: 0 })
  configure(`encryption: { key: { file: two.key } }\n`)
  await using server = await startPerdure({ dataDirectory, config, apiKey })
  const found = (await call(server.url, apiKey, "GET", "/v1/memories?scope=user:ada")) as { memories: { text: string }[] }
  expect(found.memories.map(({ text }) => text)).toEqual([said])
  const erased = await call(server.url, apiKey, "POST", "/v1/erasures", { scope: "user:ada" })
  const remains = JSON.stringify((erased as { receipt: { remains: object } }).receipt.remains)
  expect(remains).toContain(`unreadable without the key ${two?.fingerprint}, which is not in the copy`)
})

async function call(url: string, key: string, method: string, path: string, body?: object): Promise<object> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  const answer = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const value = (await answer.json()) as { status?: string; id?: string }
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(value)}`)
  if (path !== "/v1/erasures" || value.status !== "in_progress") return value
  await new Promise((resolve) => setTimeout(resolve, 300))
  for (;;) {
    const erasure = (await call(url, key, "GET", `/v1/erasures/${value.id}`)) as { status: string }
    if (erasure.status !== "in_progress") return erasure
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
