// LiteLLM's pass_through_endpoints: the paths and providers that they become, by reference to secrets, and what is said of those that do not.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { liteLlmImports, whysOf } from "../../testing/litellm-imports.ts"

const { directory, imported, loadedText, loaded } = liteLlmImports()
const models = "model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY } }]"
const at = "general_settings.pass_through_endpoints"

it("become paths below which requests go to a provider of that address, with its headers and its key", async () => {
  const { config, report, all } = await loadedText(`
${models}
general_settings:
  pass_through_endpoints:
    - path: /bria
      target: https://engine.prod.bria-api.com
      headers: { api_token: os.environ/BRIA_API_KEY, content-type: application/json }
      include_subpath: true
      methods: [get, post]
      auth: true
    - path: /mistral/ocr
      target: https://api.mistral.ai/v1/ocr
      headers: { Authorization: "bearer literal-secret-mistral" }
      forward_headers: true
      cost_per_request: 0.01
`)
  expect(config.passThrough).toMatchObject([
    { path: "/bria", provider: "engine", methods: ["GET", "POST"], paths: null },
    { path: "/mistral", provider: "mistral", paths: ["/ocr"] },
  ])
  expect(config.providers["engine"]).toMatchObject({
    baseUrl: "https://engine.prod.bria-api.com",
    apiKey: null,
    headers: { api_token: { origin: "env BRIA_API_KEY" } },
  })
  expect(config.providers["mistral"]).toMatchObject({ baseUrl: "https://api.mistral.ai/v1", apiKey: { origin: "env MISTRAL_API_KEY" } })
  expect(report.environment).toContainEqual({ name: "MISTRAL_API_KEY", moved: true, paths: [`${at}[1].headers.Authorization`] })
  expect(all).not.toContain("literal-secret")
  expect(whysOf(report.differs, at)).toEqual(["LiteLLM lets anybody in; here a request needs a key"])
  expect(whysOf(report.leftOut, at)).toEqual([expect.stringContaining("what such a request costs")])
  expect(whysOf(report.notNeeded, at)).toEqual([expect.stringContaining("without their credentials")])
})

it("are wider where the one path has no other above it, which is said", async () => {
  const { config, report } = await loadedText(`
${models}
general_settings:
  pass_through_endpoints: [{ path: /ocr, target: "https://api.mistral.ai/v1/ocr", auth: true }]
`)
  expect(config.passThrough).toMatchObject([{ path: "/ocr", provider: "mistral", paths: null }])
  expect(whysOf(report.differs, at)).toEqual(["what is below the path is passed through too"])
})

it("are brought over where an address begins with a variable and ends as the path does", async () => {
  const file = join(directory, "variable.yaml")
  const endpoint = '{ path: /foo/v1, target: "${BASE}/v1", auth: true }'
  writeFileSync(file, `${models}\ngeneral_settings: { pass_through_endpoints: [${endpoint}] }\n`)
  const { code, out } = await imported(file)
  expect(code).toBe(0)
  expect(out).toMatch(/path: \/foo\s+provider: base\s+paths: \[ \/v1 \]|\{ path: \/foo, provider: base, paths: \[ ?\/v1 ?\] \}/)
  expect(out).toContain("${BASE}")
})

it.each([
  ["${BASE}/v1", ["BASE"], "${BASE}/v1"],
  ["os.environ/BASE/v1", ["BASE"], "${BASE}/v1"],
  ["https://${HOST}:${PORT}/v1/", ["HOST", "PORT"], "https://${HOST}:${PORT}/v1"],
  ["https://api.example/${Tenant_Id}/v1", ["Tenant_Id"], "https://api.example/${Tenant_Id}/v1"],
  ["https://${HOST:-api.example}/v1", [], "https://${HOST:-api.example}/v1"],
])("name the variables of an address among those to set: %s", async (target, names, baseUrl) => {
  const file = join(directory, "named.yaml")
  const endpoint = `{ path: /foo, target: "${target}", include_subpath: true, auth: true }`
  writeFileSync(file, `${models}\ngeneral_settings: { pass_through_endpoints: [${endpoint}] }\n`)
  const { code, out } = await imported(file, "--json")
  const { config, leftOut, environment } = JSON.parse(out) as { config: { providers: object }; leftOut: unknown; environment: object[] }
  expect({ code, leftOut }).toEqual({ code: 0, leftOut: [] })
  const wanted = names.map((name) => ({ name, moved: false, paths: [`${at}[0].target`] }))
  expect(environment).toEqual([expect.objectContaining({ name: "OPENAI_API_KEY" }), ...wanted])
  expect(Object.values(config.providers)).toContainEqual(expect.objectContaining({ baseUrl }))
})

it("share a provider where address and headers are the same, and have no path twice", async () => {
  const { config, report } = await loadedText(`
${models}
general_settings:
  pass_through_endpoints:
    - { path: /x/a, target: "https://x.example/a", include_subpath: true }
    - { path: /x/b, target: "https://x.example/a", include_subpath: true }
    - { path: /x/b/, target: "https://x.example/c", include_subpath: true }
`)
  expect(config.passThrough.map(({ path, provider }) => [path, provider])).toEqual([
    ["/x/a", "x"],
    ["/x/b", "x"],
  ])
  expect(whysOf(report.leftOut, `${at}[2]`)).toEqual([expect.stringContaining("another endpoint has it already")])
})

it.each([
  ["a path of the server itself", '{ path: /v1/rerank, target: "https://api.cohere.com/v1/rerank" }', "a path of the server itself"],
  ["no path", '{ path: "x y", target: "https://a.example" }', "no path such as"],
  ["no address", "{ path: /x, target: ftp://a.example }", "no http(s) address"],
  ["an address with a password", '{ path: /x, target: "https://u:literal-secret-p@a.example" }', "without a user and a password"],
  ["what is no map", "nonsense", "no endpoint"],
])("are left out with the reason: %s", async (_what, entry, why) => {
  const { config, report, all } = await loadedText(`${models}\ngeneral_settings: { pass_through_endpoints: [${entry}] }\n`)
  expect(config.passThrough).toEqual([])
  expect(whysOf(report.leftOut, `${at}[0]`)).toEqual([expect.stringContaining(why)])
  expect(all).not.toContain("literal-secret")
})

it("say of a header that is made of a variable and a text that it is left out", async () => {
  const { config, report } = await loadedText(`
${models}
general_settings:
  pass_through_endpoints: [{ path: /l, target: "https://l.example", include_subpath: true, headers: { x-auth: "Basic os.environ/L" } }]
`)
  expect(config.providers["l"]?.headers).toEqual({})
  expect(whysOf(report.leftOut, `${at}[0].headers.x-auth`)).toEqual([expect.stringContaining("only a part of it")])
})

it("stand in an example, where the server has the path itself", async () => {
  const { config, report } = await loaded("guarded")
  expect(config.passThrough).toEqual([])
  expect(whysOf(report.leftOut, `${at}[0].path`)).toHaveLength(1)
})
