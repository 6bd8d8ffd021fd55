// Tokens of Entra ID against a token endpoint and an identity service on a real port, and Azure deployments that carry them.
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../../testing/gateway.ts"
import { entraToken, type EntraSettings } from "./entra.ts"

const folder = mkdtempSync(join(tmpdir(), "perdure-entra-"))
const tokenFile = join(folder, "token")
writeFileSync(tokenFile, "federated-token\n")
const asked: { url: string; form: Record<string, string>; headers: IncomingMessage["headers"] }[] = []
let refuses = false
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
    asked.push({ url: request.url ?? "", form, headers: request.headers })
    const life = request.url?.startsWith("/msi") ? { expires_on: "1800007200" } : { expires_in: request.method === "GET" ? "3599" : 3599 }
    const refusal = { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret.\r\nTrace ID: 1" }
    response.writeHead(refuses ? 401 : 200).end(JSON.stringify(refuses ? refusal : { access_token: `token-${asked.length}`, ...life }))
  })
})
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP gives an AddressInfo
const azure = await startFakeProvider()
const own = { AZURE_AUTHORITY_HOST: url, AZURE_POD_IDENTITY_AUTHORITY_HOST: url }
const deployment = (id: string, settings: Record<string, unknown>) =>
  testDeployment(azure.url.replace("/v1", ""), { id, provider: "azure", apiKey: null, settings: settings as { region?: string } })
const gateway = await startTestGateway({
  models: [
    testModel("entra", deployment("azure/entra", { tenantId: "t", clientId: "c", clientSecret: "very-secret", variables: own })),
    testModel("headers", deployment("azure/headers", { headers: { "x-team": "a" } })),
    testModel("nobody", deployment("azure/nobody", { variables: { AZURE_POD_IDENTITY_AUTHORITY_HOST: "http://127.0.0.1:1" } })),
  ],
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await gateway[Symbol.asyncDispose]()
  await azure[Symbol.asyncDispose]()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
})
beforeEach(() => {
  asked.length = 0
  azure.requests.length = 0
  refuses = false
})

const now = 1_800_000_000_000
const get = (part: Partial<EntraSettings>, variables: Record<string, string> = {}) =>
  entraToken({ ...part, variables: { ...own, ...variables } }, now)

describe("tokens of Entra ID", () => {
  it("come for a client's secret, of the settings or the environment", async () => {
    expect(await get({ tenantId: "t", clientId: "c", clientSecret: "s" })).toEqual({ value: "token-1", until: now + 3_599_000 })
    await get({}, { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" })
    const scope = "https://cognitiveservices.azure.com/.default"
    const expected = { url: "/t/oauth2/v2.0/token", form: { grant_type: "client_credentials", client_id: "c", client_secret: "s", scope } }
    expect(asked).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)])
  })

  it("come for a federated token, as on AKS, whose file is read each time", async () => {
    const variables = { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_FEDERATED_TOKEN_FILE: tokenFile }
    await get({}, variables)
    writeFileSync(tokenFile, "renewed")
    await get({}, variables)
    expect(asked.map(({ form }) => form["client_assertion"])).toEqual(["federated-token", "renewed"])
    expect(asked[0]?.form["client_assertion_type"]).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
  })

  it("come from the managed identity of a virtual machine or of App Service", async () => {
    expect((await get({ clientId: "user-assigned" })).until).toBe(now + 3_599_000)
    const query = "?api-version=2018-02-01&resource=https%3A%2F%2Fcognitiveservices.azure.com&client_id=user-assigned"
    expect(asked[0]).toMatchObject({ url: `/metadata/identity/oauth2/token${query}`, headers: { metadata: "true" } })
    expect(await get({}, { IDENTITY_ENDPOINT: `${url}/msi`, IDENTITY_HEADER: "h" })).toEqual({ value: "token-2", until: 1_800_007_200_000 })
    expect(asked[1]).toMatchObject({ headers: { "x-identity-header": "h" } })
  })

  it("that cannot be had say what was tried", async () => {
    await expect(get({ clientSecret: "s" })).rejects.toThrow("there is a client secret, but no tenant id or no client id")
    const nobody = { AZURE_POD_IDENTITY_AUTHORITY_HOST: "http://127.0.0.1:1" }
    await expect(get({}, nobody)).rejects.toThrow("no client secret and no federated token, and no managed identity of this machine")
    const missing = { tenantId: "t", clientId: "c", federatedTokenFile: join(folder, "none") }
    await expect(get(missing)).rejects.toThrow("the file of the federated token cannot be read")
    refuses = true
    const refused = get({ tenantId: "t", clientId: "c", clientSecret: "very-secret" })
    await expect(refused).rejects.toThrow(/^Entra ID refuses \(401 invalid_client AADSTS7000215: Invalid client secret\.\)$/)
  })
})

describe("an Azure deployment without a key", () => {
  const ask = (model: string) => rawPost(gateway.url, "/v1/chat/completions", { model, messages: [{ role: "user", content: "x" }] })

  it("carries a token, asks once more with a new one where that is refused, and not again", async () => {
    expect((await ask("entra")).status).toBe(200)
    expect((await ask("entra")).status).toBe(200)
    azure.next({ error: { status: 401, message: "Access token is expired" } })
    expect((await ask("entra")).status).toBe(200)
    const carried = azure.requests.map(({ headers }) => headers.authorization)
    expect(carried).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-1", "Bearer token-2"])
    azure.next({ error: { status: 401, message: "no" } })
    expect((await ask("entra")).status).toBe(502)
    expect(azure.requests).toHaveLength(5)
  })

  it("carries none where it has headers of its own, and fails with what was tried where none can be had", async () => {
    await ask("headers")
    expect(azure.last?.headers).toMatchObject({ "x-team": "a" })
    expect(azure.last?.headers.authorization).toBeUndefined()
    const refused = await ask("nobody")
    expect(refused.status).toBe(502)
    expect(refused.text).toContain("no managed identity of this machine")
    expect(refused.text).not.toContain("127.0.0.1")
  })
})
