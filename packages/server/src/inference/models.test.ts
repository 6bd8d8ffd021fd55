// The registry: names, other names, patterns, and which of several that mean the same wins.
import { describe, expect, it } from "vitest"
import { createModels, type Deployment, type Model, type Wildcard } from "./index.ts"

function deployment(id: string): Deployment {
  const base = { provider: "openai", dialect: "openai-chat", baseUrl: "http://x/v1", apiKey: null, contextTokensMax: null } as const
  return { ...base, id, upstreamModel: id, does: { chat: true, embeddings: false }, origin: "test" }
}

function model(name: string, part: Partial<Model> = {}): Model {
  return { name, createdAt: 0, ownedBy: "test", deployments: [deployment(`p/${name}`)], ...part }
}

function wildcard(pattern: string): Wildcard & { made: string[] } {
  const made: string[] = []
  const make = (name: string, rest: string): Model => {
    made.push(name)
    return model(name, { deployments: [deployment(`${pattern}→${rest}`)] })
  }
  return { pattern, make, made }
}

describe("names of models", () => {
  it("lead to a model by its name and by its other names, and are listed once", () => {
    const models = createModels({ models: [model("smart", { aliases: ["gpt-5", "default"] })] })
    expect(models.get("gpt-5")).toBe(models.get("smart"))
    expect(models.require("default", "chat").name).toBe("smart")
    expect(models.list().map(({ name }) => name)).toEqual(["smart"])
    expect(() => models.require("defualt")).toThrow(expect.objectContaining({ hint: 'Did you mean "default"?' }) as Error)
  })

  it("match patterns, the longest first, and what a star stood for reaches the deployment", () => {
    const models = createModels({ models: [], wildcards: [wildcard("openai/*"), wildcard("openai/gpt-*-mini")] })
    expect(models.get("openai/gpt-5-mini")?.deployments[0]?.id).toBe("openai/gpt-*-mini→5")
    expect(models.get("openai/o9")?.deployments[0]?.id).toBe("openai/*→o9")
    expect(models.get("openai/")).toBeUndefined()
    expect(models.get("anthropic/x")).toBeUndefined()
    expect(models.list()).toEqual([])
  })

  it("that were made once stay the same object, and no more than so many are kept", () => {
    const all = wildcard("p/*")
    const models = createModels({ models: [], wildcards: [all], limits: { wildcardModelsMax: 2 } })
    expect(models.get("p/a")).toBe(models.get("p/a"))
    for (const name of ["p/b", "p/c", "p/a"]) models.get(name)
    expect(all.made).toEqual(["p/a", "p/b", "p/c", "p/a"])
  })

  it("refuse what could not stand in a header", () => {
    const models = createModels({ models: [], wildcards: [wildcard("p/*")] })
    for (const rest of ["a b", "a\r\nx: y", "é", "x".repeat(200)]) expect(models.get(`p/${rest}`)).toBeUndefined()
  })

  it("that were declared win over discovered ones, by pattern too", () => {
    const declared = model("openai/own")
    const models = createModels({
      models: [declared],
      wildcards: [wildcard("openai/*")],
      found: [model("openai/own"), model("openai/found"), model("ollama/found")],
    })
    expect(models.get("openai/own")).toBe(declared)
    expect(models.get("openai/found")?.deployments[0]?.id).toBe("openai/*→found")
    expect(models.list().map(({ name }) => name)).toEqual(["openai/own", "openai/found", "ollama/found"])
  })

  it("are replaced as a whole", () => {
    const models = createModels({ models: [model("old", { aliases: ["a"] })] })
    const old = models.get("a")
    models.replace({ models: [model("new")] })
    expect([models.get("a"), models.get("old"), models.get("new")?.name, old?.name]).toEqual([undefined, undefined, "new", "old"])
  })
})
