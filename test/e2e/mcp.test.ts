// Tests of `perdure mcp` as desktop clients use it: the protocol's own client over standard input and output of a real process.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js"
import { describe, expect, it } from "vitest"
import { createClient } from "../../packages/client/src/index.ts"
import { exitCodes } from "../../packages/server/src/cli/index.ts"
import { nodeFlags } from "../../packages/server/src/testing/node-flags.ts"
import { cleanEnvironment, startPerdure, temporaryDirectory } from "../support/server.ts"

const main = join(import.meta.dirname, "..", "..", "packages", "server", "src", "main.ts")

interface Desktop extends AsyncDisposable {
  client: Client
  /** What it said beside the protocol. */
  notes: () => string
  call: (name: string, args: object) => Promise<{ text: string; data: Record<string, unknown>; isError: boolean }>
}

async function desktop(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Desktop> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...nodeFlags, main, "mcp", ...args],
    cwd,
    env: cleanEnvironment({ HOME: cwd, ...env }),
    stderr: "pipe",
  })
  let notes = ""
  transport.stderr?.on("data", (chunk: Buffer) => (notes += chunk.toString()))
  const client = new Client({ name: "desktop", version: "1" })
  await client.connect(transport, { timeout: 120_000 })
  return {
    client,
    notes: () => notes,
    call: async (name, given) => {
      const result = (await client.callTool({ name, arguments: { ...given } }, undefined, { timeout: 120_000 })) as CallToolResult
      const [content] = result.content
      return { text: content?.type === "text" ? content.text : "", data: result.structuredContent ?? {}, isError: result.isError === true }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const handshake = [
  {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  },
  { jsonrpc: "2.0", method: "notifications/initialized" },
  { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} },
]

/** The command with lines as its whole input. */
async function piped(
  cwd: string,
  args: readonly string[],
  lines: readonly string[],
): Promise<{ code: number | null; out: string; err: string }> {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, [...nodeFlags, main, "mcp", ...args], {
    cwd,
    env: cleanEnvironment({ HOME: cwd }),
  })
  let [out, err] = ["", ""]
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve))
  child.stdin.on("error", () => undefined)
  child.stdin.end(lines.map((line) => `${line}\n`).join(""))
  return { code: await exited, out, err }
}

describe("on a data directory where no server runs", () => {
  it("starts one, keeps what it is told for the next time, and goes on where the first of two clients leaves", async () => {
    await using directory = await temporaryDirectory()
    const data = join(directory.path, "data")
    const args = ["--data", data, "--scope", "user:ada"]
    await using second = await (async () => {
      await using first = await desktop(directory.path, args)
      expect((await first.client.listTools()).tools.map(({ name }) => name)).toEqual(["remember", "recall", "pin", "forget", "explain"])
      await expect.poll(first.notes).toMatch(/started on .*data, listening on http:\/\/127\.0\.0\.1:\d+/)
      expect(await first.call("remember", { text: "Ada's boat is called Heron." })).toMatchObject({
        data: { scope: "user:ada", created: true },
      })
      const made = await desktop(directory.path, args)
      // The database takes one opener: the second goes to the server of the first.
      expect((await made.call("recall", { query: "boat" })).text).toContain("Heron")
      expect(made.notes()).toBe("")
      // A key that opens nothing else, readable by its owner alone.
      expect(statSync(join(data, "mcp-key.json")).mode & 0o777).toBe(0o600)
      return made
    })()
    expect(await second.call("recall", { query: "boat" })).toMatchObject({ data: { memories: [{ scope: "user:ada" }] } })
    await expect.poll(second.notes).toContain("started on")
    expect(await second.call("remember", { text: "Ada's boat is called Heron." })).toMatchObject({ data: { created: false } })
  })

  it("answers what came before the end of its input, and leaves nothing behind", async () => {
    await using directory = await temporaryDirectory()
    const data = join(directory.path, "data")
    const { code, out, err } = await piped(
      directory.path,
      ["--data", data],
      ["this is not JSON", ...handshake.map((each) => JSON.stringify(each))],
    )
    expect(code).toBe(exitCodes.ok)
    const answers = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number; result?: { tools?: object[] } })
    expect(answers.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([1, 2])
    expect(answers.find(({ id }) => id === 2)?.result?.tools).toHaveLength(5)
    expect(err).toContain("what came is not the protocol's")
    expect(existsSync(join(data, "server.json"))).toBe(false)
    expect(existsSync(join(data, "mcp-key.json"))).toBe(true)
  })
})

describe("with a server that runs elsewhere", () => {
  it("is a bridge to it, with the key's rights, and says what is wrong instead of ending", async () => {
    await using directory = await temporaryDirectory()
    await using own = await temporaryDirectory()
    const server = await startPerdure({ dataDirectory: own.path })
    const ada = await createClient({ baseUrl: server.url, apiKey: server.apiKey }).keys.create({ name: "ada", user: "ada" })
    {
      await using client = await desktop(directory.path, [], { PERDURE_URL: server.url, PERDURE_API_KEY: ada.secret })
      expect(await client.call("remember", { text: "The key is under the mat." })).toMatchObject({ data: { scope: "user:ada" } })
      expect(await client.call("recall", { query: "key", scopes: ["user:bob"] })).toMatchObject({ isError: true })
      expect(existsSync(join(directory.path, ".perdure"))).toBe(false)
      await expect(desktop(directory.path, ["--url", server.url, "--key", "pk_wrong"])).rejects.toThrow(/API key is not known here/)
      await server[Symbol.asyncDispose]()
      await expect(client.call("recall", { query: "key" })).rejects.toThrow(/does not answer/)
      expect(client.client.transport).toBeDefined()
    }
  })

  it("wants a key with an address", async () => {
    await using directory = await temporaryDirectory()
    const { code, out, err } = await piped(directory.path, ["--url", "http://127.0.0.1:9"], [])
    expect({ code, out }).toEqual({ code: exitCodes.failed, out: "" })
    expect(err).toContain("needs an API key")
  })
})
