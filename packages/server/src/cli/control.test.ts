// Tests of the control channel with real keys on a real store, and of the file that leads to it.
import type { Deployments, Usage, UsageQuery } from "@perdure/contract"
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { spawnSync } from "node:child_process"
import { afterAll, beforeAll, expect, test } from "vitest"
import { defaultLimits, newId, systemClock } from "../core/index.ts"
import { createIdentity, type Identity } from "../security/index.ts"
import { openTestStore, type TestStore } from "../testing/database.ts"
import { createTerminal, exitCodes, runCli } from "./index.ts"
import { openControl, remoteDeployments, remoteKeys, type Control } from "./control.ts"
import { removeServerFile, runningServer, writeServerFile, type ServerFile } from "./server-file.ts"

const directory = mkdtempSync(join(tmpdir(), "perdure-control-"))
let opened: TestStore
let identity: Identity
let control: Control
let file: ServerFile

beforeAll(async () => {
  opened = await openTestStore("pglite")
  const onError = (error: unknown): never => {
    throw error
  }
  identity = await createIdentity({ store: opened.store, clock: systemClock, newId, limits: defaultLimits, onError })
  control = await openControl({
    identity,
    projectId: "proj_control",
    loginUrl: () => "http://127.0.0.1/dashboard/login?token=t",
    deployments: () => served,
    usage: (query) => createUsage(query),
    holdDatabase: opened.store.holdFiles,
  })
  const { controlUrl, controlToken } = control
  file = { pid: process.pid, url: "http://127.0.0.1:1", startedAt: 0, controlUrl, controlToken }
})

afterAll(async () => {
  await control[Symbol.asyncDispose]()
  await identity[Symbol.asyncDispose]()
  await opened[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

const served: Deployments = { models: [], deployments: [], configuration: { loadedAt: 7, refused: null, needsRestart: [] } }

const row = {
  group: "acme",
  runs: 2,
  failedRuns: 0,
  inputTokens: 20,
  outputTokens: 4,
  cachedTokens: 0,
  reasoningTokens: 0,
  costMicroUsd: 1_500,
  costKnown: true,
}
const other = { ...row, group: "", runs: 1, costMicroUsd: 2_000_000, costKnown: false }
const asked: UsageQuery[] = []
async function createUsage(query: UsageQuery): Promise<Usage> {
  asked.push(query)
  return {
    rows: [row, other],
    total: { ...row, group: "total", runs: 3, costMicroUsd: 2_001_500, costKnown: false },
    overlapping: true,
    complete: true,
  }
}

test("the models and deployments of the running server come over the channel", async () => {
  expect(await remoteDeployments(file)).toEqual(served)
})

test("a key made over the channel opens the API at once, is listed without its text, and can be revoked", async () => {
  const keys = remoteKeys(file)
  const { id, secret } = await keys.createKey("", "from the command line")
  const headers = { authorization: `Bearer ${secret}` }
  expect(identity.authenticate(headers, "GET")).toMatchObject({ id, projectId: "proj_control" })
  const listed = await keys.listKeys("")
  expect(listed).toContainEqual(expect.objectContaining({ id, name: "from the command line", revokedAt: null }))
  expect(JSON.stringify(listed)).not.toContain(secret)
  expect(await keys.revokeKey("", id)).toBe(true)
  expect(identity.authenticate(headers, "GET")).toBeUndefined()
  expect(await keys.revokeKey("", "key_unknown")).toBe(false)
})

test("a key with all that can be said of one is made, shown, changed and rotated over the channel, and refusals keep their code and next step", async () => {
  const keys = remoteKeys(file)
  const made = await keys.createKey("", "scoped", {
    scope: { models: ["gpt-*"] },
    limits: { budgetUsd: 5 },
    tags: ["a"],
    expiresAt: Date.now() + 60_000,
  })
  const { secret, ...shown } = made
  expect(await keys.getKey("", made.id)).toEqual(shown)
  expect(await keys.getKey("", "key_unknown")).toBeUndefined()
  expect(await keys.updateKey("", made.id, { limits: { budgetUsd: null }, user: "u", expiresAt: null })).toMatchObject({
    limits: {},
    user: "u",
    expiresAt: null,
  })
  const rotated = await keys.rotateKey("", made.id, { overlapMs: 0 })
  expect(identity.authenticate({ authorization: `Bearer ${secret}` }, "GET")).toBeUndefined()
  expect(identity.authenticate({ authorization: `Bearer ${rotated.secret}` }, "GET")?.id).toBe(made.id)
  expect((await keys.listKeys("", { tag: "a" })).map(({ id }) => id)).toEqual([made.id])
  await expect(keys.updateKey("", "key_unknown", { name: "x" })).rejects.toMatchObject({
    code: "not_found",
    hint: expect.stringContaining("/v1/keys") as string,
  })
  await expect(keys.createKey("", "late", { expiresAt: 1 })).rejects.toMatchObject({ code: "invalid_request" })
})

test("a wrong token, no token, a strange request and a large one are refused", async () => {
  const post = (body: string, authorization?: string): Promise<Response> =>
    fetch(file.controlUrl, { method: "POST", body, headers: authorization === undefined ? {} : { authorization } })
  const good = `Bearer ${file.controlToken}`
  expect((await post('{"do":"keys.list","filter":{}}')).status).toBe(401)
  expect((await post('{"do":"keys.list","filter":{}}', `Bearer ${"x".repeat(file.controlToken.length)}`)).status).toBe(401)
  expect((await post('{"do":"keys.burn"}', good)).status).toBe(400)
  expect((await post("not json", good)).status).toBe(500)
  expect((await post(JSON.stringify({ do: "keys.create", key: { name: "x".repeat(100_000) } }), good)).status).toBe(500)
})

test("a server that is gone gives an error with the next step", async () => {
  await expect(remoteKeys({ ...file, controlUrl: "http://127.0.0.1:1" }).listKeys("")).rejects.toMatchObject({ hint: "perdure doctor" })
})

test("the file can be read by its owner alone and is found while its process lives", () => {
  writeServerFile(directory, file)
  expect(statSync(join(directory, "server.json")).mode & 0o777).toBe(0o600)
  expect(readdirSync(directory)).toEqual(["server.json"])
  expect(runningServer(directory)).toEqual(file)
  removeServerFile(directory, process.pid + 1)
  expect(runningServer(directory)).toEqual(file)
  removeServerFile(directory, process.pid)
  expect(runningServer(directory)).toBeUndefined()
})

test("a file of a dead process, or half a file, counts as no server", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""])
  writeServerFile(directory, { ...file, pid })
  expect(runningServer(directory)).toBeUndefined()
  writeFileSync(join(directory, "server.json"), '{"pid":')
  expect(runningServer(directory)).toBeUndefined()
})

test("keys are made for a running server where its secrets are not set, and nowhere else", async () => {
  const data = mkdtempSync(join(directory, "elsewhere-"))
  const config = join(data, "perdure.yaml")
  writeFileSync(config, "providers: { acme: { baseUrl: https://acme.example/v1, apiKey: { env: NEVER_SET_IN_A_TEST } } }")
  const run = async (...words: string[]): Promise<{ code: number; out: string; notes: string }> => {
    let [out, notes] = ["", ""]
    const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (notes += text) } }
    const code = await runCli([...words, "--config", config, "--data", data], {
      terminal: createTerminal({ ...streams, noColour: true }),
      entry: "",
    })
    return { code, out, notes }
  }
  const without = await run("keys", "create", "nobody")
  expect(without.code).toBe(exitCodes.config)
  expect(without.notes).toContain("NEVER_SET_IN_A_TEST is not set")
  writeServerFile(data, file)
  const { code, out } = await run("keys", "create", "from another shell")
  expect(code).toBe(exitCodes.ok)
  expect(identity.authenticate({ authorization: `Bearer ${out.trim()}` }, "GET")).toMatchObject({ name: "from another shell" })
  expect((await run("dashboard")).out).toContain("/dashboard/login?token=")
  expect((await run("models")).code).toBe(exitCodes.ok)
})

test("what was spent comes over the channel as a table, the dearest first, and says what counts several times", async () => {
  const data = mkdtempSync(join(directory, "spent-"))
  writeServerFile(data, file)
  const printed: string[] = []
  const noted: string[] = []
  const terminal = {
    print: (line: string) => void printed.push(line),
    note: (line: string) => void noted.push(line),
    style: (_: unknown, text: string) => text,
  }
  const args = ["usage", "--data", data, "--by", "metadata.customer", "--metadata", "shop=north", "--last", "7d"]
  expect(await runCli(args, { terminal, entry: "" })).toBe(exitCodes.ok)
  expect(asked).toEqual([{ groupBy: "metadata.customer", metadata: "shop=north", since: expect.any(Number) }])
  expect(printed).toEqual([
    "        runs  failed  tokens in  tokens out       cost",
    "(none)     1       0         20           4  >=$2.0000",
    "acme       2       0         20           4    $0.0015",
    "total      3       0         20           4  >=$2.0015",
  ])
  expect(noted.join()).toContain("counts for each of them")
  expect(await runCli(["usage", "--data", data, "--by", "colour"], { terminal, entry: "" })).not.toBe(exitCodes.ok)
  expect(noted.join()).toContain("metadata.<name>")
})
