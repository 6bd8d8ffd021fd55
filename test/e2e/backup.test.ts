// `perdure backup` and `perdure restore` as an operator meets them: of a server that works, of one that stands, and what they refuse.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { createClient } from "../../packages/client/src/index.ts"
import { exitCodes } from "../../packages/server/src/cli/index.ts"
import { runPerdure, startPerdure, temporaryDirectory } from "../support/server.ts"

interface Told {
  rows: Record<string, number>
}

describe("a backup of the embedded database", { timeout: 300_000 }, () => {
  it("made while the server writes is complete, leaves nothing beside it, and comes back as it was", async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, "made.tar.zst")
    const data = join(directory.path, "data")
    const acknowledged: string[] = []
    let apiKey = ""
    {
      await using server = await startPerdure({ dataDirectory: data })
      apiKey = server.apiKey
      const client = createClient({ baseUrl: server.url, apiKey })
      let isOver = false
      const write = async (): Promise<void> => {
        while (!isOver) acknowledged.push((await client.memories.remember({ scope: "project", text: `Fact ${acknowledged.length}.` })).id)
      }
      const writing = write()
      await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(5)
      const before = acknowledged.length
      const made = await runPerdure(["backup", file, "--data", data, "--json"])
      expect(made).toMatchObject({ code: exitCodes.ok, stderr: "" })
      // The server goes on.
      const then = acknowledged.length
      await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(then)
      isOver = true
      await writing
      const { rows } = JSON.parse(made.stdout) as Told
      expect(rows["episodes"]).toBeGreaterThanOrEqual(before)
      expect(readdirSync(directory.path).toSorted()).toEqual(["data", "made.tar.zst"])
      expect((await runPerdure(["backup", file, "--data", data])).stderr).toContain("is there already")
    }
    const elsewhere = join(directory.path, "elsewhere")
    const restored = await runPerdure(["restore", file, "--data", elsewhere, "--json"])
    expect(restored).toMatchObject({ code: exitCodes.ok, stderr: "" })
    const { rows } = JSON.parse(restored.stdout) as Told
    await using server = await startPerdure({ dataDirectory: elsewhere, apiKey })
    const client = createClient({ baseUrl: server.url, apiKey })
    const kept = rows["episodes"] ?? 0
    for (const id of acknowledged.slice(0, Math.min(kept, 5))) expect((await client.memories.get(id)).id).toBe(id)
  })

  it("of a server that stands needs no server, and is never put over a database", async () => {
    await using directory = await temporaryDirectory()
    const [file, data] = [join(directory.path, "made.tar.zst"), join(directory.path, "data")]
    const { apiKey, ...started } = await startPerdure({ dataDirectory: data })
    await started[Symbol.asyncDispose]()
    expect(await runPerdure(["backup", file, "--data", data])).toMatchObject({
      code: exitCodes.ok,
      stdout: expect.stringMatching(
        /^ok: \d+ rows of \d+ tables .*\nnext: keep it elsewhere, and apart from it the configuration/,
      ) as string,
    })
    const over = await runPerdure(["restore", file, "--data", data])
    expect(over.code).toBe(exitCodes.failed)
    expect(over.stderr).toContain("nothing is written over")
    await using again = await startPerdure({ dataDirectory: data, apiKey })
    expect((await fetch(`${again.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(200)
  })

  it("that was cut or changed is refused, and nothing is left", async () => {
    await using directory = await temporaryDirectory()
    const [file, data, target] = [join(directory.path, "made.tar.zst"), join(directory.path, "data"), join(directory.path, "target")]
    const started = await startPerdure({ dataDirectory: data })
    await started[Symbol.asyncDispose]()
    expect((await runPerdure(["backup", file, "--data", data])).code).toBe(exitCodes.ok)
    const whole = readFileSync(file)
    const broken = join(directory.path, "broken.tar.zst")
    const flipped = Buffer.from(whole)
    flipped[whole.length >> 1] = (flipped[whole.length >> 1] ?? 0) ^ 1
    for (const bytes of [whole.subarray(0, whole.length >> 1), flipped, Buffer.from("not a backup"), Buffer.alloc(0)]) {
      writeFileSync(broken, bytes)
      const { code, stderr } = await runPerdure(["restore", broken, "--data", target])
      expect(code).toBe(exitCodes.failed)
      expect(stderr).toContain("This is no complete backup")
      expect(existsSync(target) ? readdirSync(join(target, "db")) : []).toEqual([])
    }
  })

  it("of a Postgres server is left to its own tools, with the command", async () => {
    await using directory = await temporaryDirectory()
    const env = { DATABASE_URL: "postgres://127.0.0.1:9/none" }
    const { code, stderr } = await runPerdure(["backup", join(directory.path, "b"), "--data", directory.path], env)
    expect(code).toBe(exitCodes.failed)
    expect(stderr).toContain("pg_dump --format=custom")
    expect(stderr).toContain("encryption key")
  })
})
