// A start that cannot work says what is wrong, where, and what to do, and ends with a code; nothing is lost.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { runPerdure, startPerdure, temporaryDirectory } from "../support/server.ts"

const noStack = /\n {4}at /

describe("a start that cannot work", () => {
  it("names every problem of a broken configuration by file, line and column", async () => {
    await using directory = await temporaryDirectory()
    const config = join(directory.path, "perdure.yaml")
    await writeFile(
      config,
      "server:\n  prot: 8080\n  host: 7\nmodels:\n  fast:\n    deployments:\n      - provider: nowhere\n        model: x\n",
    )
    const { code, stderr } = await runPerdure(["start", "--config", config, "--data", join(directory.path, "data")])
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/perdure\.yaml:2:3 +server\.prot/)
    expect(stderr).toContain("did you mean port?")
    expect(stderr).toMatch(/perdure\.yaml:3:\d+ +server\.host/)
    expect(stderr).not.toMatch(noStack)
  })

  it("says which process holds the data directory, and that one goes on", async () => {
    await using directory = await temporaryDirectory()
    await using running = await startPerdure({ dataDirectory: directory.path })
    const { code, stderr } = await runPerdure(["start", "--port", "0", "--data", directory.path])
    expect(code).not.toBe(0)
    expect(stderr).toContain(String(running.pid))
    expect(stderr).not.toMatch(noStack)
    const answer = await fetch(`${running.url}/v1/models`, { headers: { authorization: `Bearer ${running.apiKey}` } })
    expect(answer.status).toBe(200)
  })

  it("says that a data directory is damaged, and leaves it as it is", async () => {
    await using directory = await temporaryDirectory()
    const started = await startPerdure({ dataDirectory: directory.path })
    await started[Symbol.asyncDispose]()
    const control = await findFile(directory.path, "pg_control")
    await writeFile(control, "not a control file")
    const { code, stderr } = await runPerdure(["start", "--port", "0", "--data", directory.path])
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/doesn't open/)
    expect(stderr).toContain("perdure doctor")
    expect(stderr).not.toMatch(noStack)
    expect(await readFile(control, "utf8")).toBe("not a control file")
  })

  it("says that a port is taken", async () => {
    await using directory = await temporaryDirectory()
    const holder = createServer().listen(0, "127.0.0.1")
    await new Promise((resolve) => holder.once("listening", resolve))
    const address = holder.address()
    const port = typeof address === "object" && address ? address.port : 0
    const { code, stderr } = await runPerdure(["start", "--port", String(port), "--data", join(directory.path, "data")])
    holder.close()
    expect(code).not.toBe(0)
    expect(stderr).toContain(String(port))
    expect(stderr).toMatch(/in use|taken/)
    expect(stderr).not.toMatch(noStack)
  })

  it("says what to do about an address that this machine does not have", async () => {
    await using directory = await temporaryDirectory()
    const { code, stderr } = await runPerdure(["start", "--port", "0", "--host", "192.0.2.1", "--data", join(directory.path, "data")])
    expect(code).not.toBe(0)
    expect(stderr).toContain("192.0.2.1")
    expect(stderr).toContain("--host 127.0.0.1")
    expect(stderr).not.toMatch(noStack)
  })

  it("says that the database does not answer, without the password of its address", async () => {
    await using directory = await temporaryDirectory()
    const url = "postgres://someone:s3cret-word@127.0.0.1:9/none"
    const { code, stderr, stdout } = await runPerdure(["start", "--port", "0", "--data", join(directory.path, "data")], {
      DATABASE_URL: url,
    })
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/database|Postgres/)
    expect(stderr + stdout).not.toContain("s3cret-word")
    expect(stderr).not.toMatch(noStack)
  })

  it("says that the data directory cannot be made where a file stands in the way", async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, "data")
    await mkdir(directory.path, { recursive: true })
    await writeFile(file, "a file")
    const { code, stderr } = await runPerdure(["start", "--port", "0", "--data", file])
    expect(code).not.toBe(0)
    expect(stderr).toContain(file)
    expect(stderr).not.toMatch(noStack)
    expect(await readFile(file, "utf8")).toBe("a file")
  })
})

async function findFile(directory: string, name: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const found = entries.find((entry) => entry.name === name)
  if (!found) throw new Error(`${name} is not beneath ${directory}`)
  return join(found.parentPath, found.name)
}
