// Tests of the route table and of the OpenAPI document that is made from it.
import { expect, test } from "vitest"
import { apiRoutes, missingRoutes, openApiDocument } from "./index.ts"

const document = openApiDocument({ version: "1.2.3" })
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

test("the document has one operation per route of the table", () => {
  expect(operations).toHaveLength(apiRoutes.length)
  expect(operations.length).toBeGreaterThan(30)
  expect(document.info.version).toBe("1.2.3")
})

test("every operation has its own id, a summary and a failure", () => {
  const ids = operations.map(({ operation }) => operation["operationId"])
  expect(new Set(ids).size).toBe(ids.length)
  for (const { operation } of operations) {
    expect(operation["summary"]).toEqual(expect.any(String))
    expect(operation["responses"]).toHaveProperty("default")
  }
})

test("every reference points at something in the document", () => {
  const references = referencesIn(document)
  expect(references.length).toBeGreaterThan(50)
  expect(references.filter((reference) => at(reference) === undefined)).toEqual([])
})

test("every part of a path in braces is a parameter of its operation", () => {
  for (const { path, operation } of operations) {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const parameters = (operation["parameters"] ?? []) as { name: string; in: string }[]
    expect(parameters.filter((each) => each.in === "path").map(({ name }) => name)).toEqual(wanted)
  }
})

test("only routes for operators need no key", () => {
  const open = operations.filter(({ operation }) => JSON.stringify(operation["security"]) === "[]").map(({ path }) => path)
  const ofLiteLlm = ["/health/liveliness", "/health/liveness", "/health/readiness"]
  expect(open).toEqual(["/health/live", "/health/ready", ...ofLiteLlm, "/metrics", "/openapi.json"])
})

test("missingRoutes names what is served but not in the table, and what is in the table but not served", () => {
  const mounted = apiRoutes.map(({ method, path }) => ({ method, path: path.replaceAll(/\{(\w+)\}/g, ":$1") }))
  expect(missingRoutes(mounted)).toEqual({ undocumented: [], unserved: [] })
  const changed = [...mounted.slice(1), { method: "POST", path: "/v1/surprise/:name" }, { method: "ALL", path: "/v1/*" }]
  expect(missingRoutes(changed)).toEqual({ undocumented: ["POST /v1/surprise/:name"], unserved: ["POST /v1/chat/completions"] })
})

test("the names of path parameters do not matter when routes are compared", () => {
  const mounted = apiRoutes.map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, ":other{[a-z]+}") }))
  expect(missingRoutes(mounted)).toEqual({ undocumented: [], unserved: [] })
})

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" ? [String(inner)] : referencesIn(inner)))
}

function at(reference: string): unknown {
  const path = reference.replace(/^#\//, "").split("/")
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}
