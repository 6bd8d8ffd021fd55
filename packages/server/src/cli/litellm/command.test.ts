// `perdure import litellm` as people call it: what it writes and prints, its exit codes, and files that are not as they should be.
import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { loadConfig } from "../../config/index.ts"
import { examples, liteLlmImports } from "../../testing/litellm-imports.ts"
import { readLiteLlm, translateLiteLlm } from "./index.ts"

const { directory, imported } = liteLlmImports()

describe("the command", () => {
  it("writes a file that is not there, leaves one that is, and writes over it when forced", async () => {
    const out = join(directory, "new.yaml")
    const first = await imported(join(examples, "team.yaml"), "--out", out)
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: "" })
    expect(first.out).toContain(`${out}: 8 models, `)
    expect(first.out).toContain("GROQ_API_KEY  the secret that stands in model_list[4].litellm_params.api_key")
    expect(first.out).toContain(`next:  perdure config check --config ${out}`)
    writeFileSync(out, "mine")
    const second = await imported(join(examples, "team.yaml"), "--out", out)
    expect({ code: second.code, kept: readFileSync(out, "utf8") }).toEqual({ code: 1, kept: "mine" })
    expect(second.err).toContain("--force")
    expect((await imported(join(examples, "team.yaml"), "--out", out, "--force")).code).toBe(0)
    expect(parse(readFileSync(out, "utf8"))).toHaveProperty("models")
  })

  it("prints the configuration on stdout and the report beside it", async () => {
    const { code, out, err } = await imported(join(examples, "team.yaml"))
    expect(code).toBe(0)
    expect(parse(out)).toHaveProperty("models.fast")
    expect(err).toContain("Left out:\n")
    expect(err).toContain("Translated, and not quite the same:\n")
  })

  it("fails with a code of its own when it is strict and something is left out", async () => {
    expect((await imported(join(examples, "team.yaml"), "--strict")).code).toBe(6)
    const plain = join(directory, "plain.yaml")
    writeFileSync(plain, "model_list: [{ model_name: m, litellm_params: { model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY } }]\n")
    expect((await imported(plain, "--strict")).code).toBe(0)
  })

  it("takes whatever stands where something else should, and gives a configuration that loads", async () => {
    const [path, out] = [join(directory, "odd.yaml"), join(directory, "odd.perdure.yaml")]
    writeFileSync(path, oddFile)
    const { code, err } = await imported(path, "--out", out)
    expect({ code, err }).toEqual({ code: 0, err: "" })
    const env = { OPENAI_API_KEY: "a", AWS_ACCESS_KEY_ID: "b", AWS_SECRET_ACCESS_KEY: "c" }
    expect(Object.keys((await loadConfig({ cwd: directory, configPath: out, env })).config.models)).toEqual(["a", "f"])
  })

  it("reads the files that are included, from where the file lies", async () => {
    const main = join(directory, "parent.yaml")
    writeFileSync(main, "include: [child.yaml]\nmodel_list: [{ model_name: a, litellm_params: { model: openai/gpt-4o } }]\n")
    writeFileSync(
      join(directory, "child.yaml"),
      "model_list: [{ model_name: b, litellm_params: { model: groq/x } }]\nrouter_settings: { num_retries: 2 }\n",
    )
    expect(translateLiteLlm(readLiteLlm(main)).config).toMatchObject({ models: { a: {}, b: {} }, limits: { sameDeploymentRetriesMax: 2 } })
  })

  it.each([
    ["a file that is not there", undefined, "ENOENT"],
    ["what is no YAML", "model_list: [", "not valid YAML"],
    ["what is no map", "- 1", "not a map"],
    ["a file without a model", "general_settings: {}", "no model that could be translated"],
    ["an include that is not there", "include: [nowhere.yaml]", "ENOENT"],
  ])("refuses %s with the exit code of a wrong configuration", async (_, text, expected) => {
    const path = join(directory, "wrong.yaml")
    rmSync(path, { force: true })
    if (text !== undefined) writeFileSync(path, text)
    const { code, err } = await imported(path)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining(expected) as string })
  })

  it("shows no line of a file that it cannot read: a key may stand there", async () => {
    const path = join(directory, "broken.yaml")
    writeFileSync(path, "model_list:\n  - api_key: literal-secret-in-a-broken-file\n   b: 1\n")
    const { err } = await imported(path)
    expect(err).toContain("not valid YAML")
    expect(err).not.toContain("literal-secret")
  })
})

const oddFile = `
model_list:
  - model_name: a
    litellm_params: { model: openai/gpt-4o, api_key: "", tags: eu, rpm: "60", timeout: os.environ/T, order: null }
  - model_name: 5
    litellm_params: { model: openai/x }
  - nonsense
  - { model_name: b }
  - { model_name: c, litellm_params: { model: 7 } }
  - { model_name: d, litellm_params: [1] }
  - { model_name: e, litellm_params: { model: "openai/gpt-4o", api_base: 7 }, model_info: [] }
  - { model_name: f, litellm_params: { model: bedrock/x, extra_headers: "x" } }
router_settings: []
litellm_settings: { fallbacks: {a: [b]}, default_fallbacks: a, cache_params: yes, cache: yes, max_budget: -1, tag_budget_config: 3 }
general_settings: null
guardrails: [ 3, {}, { guardrail_name: x, litellm_params: { guardrail: presidio, mode: { tags: {}, default: pre_call } } } ]
credential_list: nope
`
