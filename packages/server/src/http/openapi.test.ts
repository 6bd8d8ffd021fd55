// Tests that the served OpenAPI document holds schemas that a validator accepts and that judge real bodies rightly.
import { Ajv2020 } from "ajv/dist/2020.js"
import { expect, test } from "vitest"
import { openApiRoutes } from "./openapi.ts"

async function served(): Promise<{ openapi: string; components: { schemas: Record<string, object> } }> {
  const response = await openApiRoutes({ version: "9.9.9" }).request("/openapi.json")
  expect(response.headers.get("content-type")).toContain("application/json")
  return (await response.json()) as Awaited<ReturnType<typeof served>>
}

test("serves an OpenAPI 3.1 document whose schemas all compile", async () => {
  const document = await served()
  expect(document.openapi).toMatch(/^3\.1\./)
  const ajv = new Ajv2020({ strict: false, formats: { binary: true } })
  ajv.addSchema(document, "document")
  const names = Object.keys(document.components.schemas)
  expect(names.length).toBeGreaterThan(25)
  const broken = names.filter((name) => typeof ajv.getSchema(`document#/components/schemas/${name}`) !== "function")
  expect(broken).toEqual([])
})

test("the schemas accept what they describe and refuse what they do not", async () => {
  const ajv = new Ajv2020({ strict: false, formats: { binary: true } })
  ajv.addSchema(await served(), "document")
  const error = ajv.getSchema("document#/components/schemas/Error")
  expect(error?.({ error: { message: "no", type: "server_error", param: null, code: null } })).toBe(true)
  expect(error?.({ error: { message: "no", type: "server_error", code: null } })).toBe(false)
  const key = ajv.getSchema("document#/components/schemas/ApiKey")
  const times = {
    createdAt: 1,
    updatedAt: 1,
    expiresAt: null,
    blockedAt: null,
    rotatedAt: null,
    oldSecretsUntil: null,
    lastUsedAt: null,
    revokedAt: null,
  }
  const rights = { scope: { models: ["gpt-*"], endpoints: [], regions: [] }, limits: { budgetUsd: 1 }, tags: [], user: null, metadata: {} }
  const whole = { id: "key_1", name: "a", hint: "pk", state: "live", createdBy: null, ...times, ...rights }
  expect(key?.(whole)).toBe(true)
  expect(key?.({ ...whole, createdAt: -1 })).toBe(false)
  expect(key?.({ ...whole, limits: { budgetUsd: "1" } })).toBe(false)
})
