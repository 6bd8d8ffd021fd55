// Parameters of requests that stand in LiteLLM's configuration.
import { describe, expect, it } from "vitest"
import { liteLlmImports, whysOf } from "../../testing/litellm-imports.ts"

const { loaded, loadedText } = liteLlmImports()

describe("parameters of requests", () => {
  it("come along as parameters of the deployment, by the names that OpenAI has", async () => {
    const { config, report } = await loaded("parameters")
    const [local] = config.models["local"]?.deployments ?? []
    expect(local?.parameters).toEqual({
      defaults: { temperature: 0.2, max_tokens: 4000, min_p: 0.05, chat_template_kwargs: { enable_thinking: false }, top_k: 20 },
      overrides: {},
      dropped: ["logit_bias", "response_format"],
    })
    const [claude] = config.models["claude"]?.deployments ?? []
    expect(claude?.parameters?.defaults).toEqual({ thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 8000 })
    expect(config.models["team"]?.deployments[0]?.parameters?.defaults).toEqual({ metadata: { team: "value-of-TEAM_NAME" } })
    expect(config.models["quiet"]?.deployments[0]?.parameters).toMatchObject({ defaults: {}, dropped: ["temperature"] })
    expect(report.environment.map(({ name }) => name)).toContain("TEAM_NAME")
  })

  it("keep a text that looks like a variable of the new configuration as it is", async () => {
    const { config } = await loadedText('model_list: [{ model_name: m, litellm_params: { model: ollama/x, stop: "${end}" } }]')
    expect(config.models["m"]?.deployments[0]?.parameters?.defaults).toEqual({ stop: "${end}" })
  })

  it("are said of where they do not, each with the reason", async () => {
    const { report } = await loaded("parameters")
    for (const [path, why] of [
      ["model_list[0].litellm_params.n", "cannot be set for all requests"],
      ["model_list[0].litellm_params.additional_drop_params", "is a path"],
      ["model_list[1].litellm_params.min_p", "requests to anthropic have no such parameter"],
      ["model_list[0].litellm_params.extra_body.api_key", "no secret stands in parameters"],
      ["model_list[1].litellm_params.top_p", "it is not a number from 0 to 1"],
    ] as const)
      expect(whysOf(report.leftOut, path).join()).toContain(why)
    expect(whysOf(report.differs, "model_list[2].litellm_params.keep_alive").join()).toContain("its own API alone")
    expect(whysOf(report.notNeeded, "model_list[0].litellm_params.drop_params")).toHaveLength(1)
    expect(whysOf(report.notNeeded, "model_list[0].litellm_params.allowed_openai_params")).toHaveLength(1)
  })
})
