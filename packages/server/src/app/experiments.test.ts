// Experiments on a started server: declared and over the API, over three dialects and batches, with real feedback that shifts the weights.
import { experimentSchema, feedbackListSchema, feedbackSumsSchema, runListSchema, type Experiment } from "@perdure/contract"
import { describe, expect, it, vi } from "vitest"
import { startConfiguredServer, type HttpAnswer } from "../testing/configured-server.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"

const provider = await startFakeProvider()
const long = { timeout: 30_000 }

const prompt = (text: string, version: number): object => ({ version, messages: [{ role: "system", content: text }] })
const server = await startConfiguredServer(provider, {
  config: {
    limits: { experimentLookMs: 200 },
    providers: { acme: { baseUrl: provider.url } },
    models: {
      small: { deployments: [{ provider: "acme", model: "s", price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }] },
      large: { deployments: [{ provider: "acme", model: "l", price: { inputPerMillionUsd: 10, outputPerMillionUsd: 20 } }] },
      plain: { deployments: [{ provider: "acme", model: "p" }] },
    },
    prompts: { support: [prompt("First {{shop}}", 1), prompt("Second {{shop}}", 2)] },
    experiments: {
      size: {
        models: ["assistant", "plain"],
        variants: { cheap: { model: "small", weight: 1 }, dear: { model: "large", weight: 1 } },
        sampling: { score: "helpful", minimumSamples: 10, everyMs: 1000, min: 0.1, step: 0.2 },
      },
      words: {
        prompts: ["support"],
        variants: { one: { prompt: { id: "support", version: 1 } }, two: { prompt: { id: "support", version: 2 }, model: "large" } },
      },
      tagged: { models: ["tagged"], tags: ["beta"], subject: { tag: "team" }, variants: { a: { model: "small" }, b: { model: "large" } } },
      sums: { variants: { a: { model: "small" }, b: { model: "large" } } },
      narrow: { models: ["narrow"], share: 0, variants: { a: { model: "small" }, b: { model: "large" } }, control: "b" },
    },
  },
})
const { perdure } = server
const key = await server.key("app")
const narrowKey = await server.key("narrow", { scope: { models: ["assistant", "small"] } })
const aliceKey = await server.key("alice", { user: "alice" })
const taggedKey = await server.key("tagged", { tags: ["beta", "team:red"] })
const strangeKey = await server.key("other", {}, "proj_other")

const call = (method: string, path: string, body?: object, as = key, more: Record<string, string> = {}): Promise<HttpAnswer> =>
  server.ask(method, path, as, body, more)
const chat = (body: object, as = key, more: Record<string, string> = {}): Promise<HttpAnswer> =>
  call("POST", "/v1/chat/completions", { messages: [{ role: "user", content: "Hi" }], ...body }, as, more)
const given = ({ headers }: HttpAnswer): string | null => headers.get("x-perdure-experiment")
const sent = (): Record<string, unknown> => provider.requests.at(-1)?.body as Record<string, unknown>
const errorOf = ({ body }: HttpAnswer): { code: string; param: string; message: string } =>
  body["error"] as { code: string; param: string; message: string }
const read = async (name: string, as = key): Promise<Experiment> =>
  experimentSchema.parse((await call("GET", `/v1/experiments/${name}`, undefined, as)).body)

describe("an experiment of models", () => {
  it("gives each user the same variant by its name and by names that clients ask for already, in every dialect", async () => {
    const seen = new Set<string>()
    for (const user of ["u1", "u2", "u3", "u4", "u5", "u6"]) {
      const answers = [
        await chat({ model: "experiment/size", user }),
        await chat({ model: "assistant", user }),
        await chat({ model: "plain", user, stream: false }),
        await call("POST", "/v1/messages", {
          model: "assistant",
          max_tokens: 5,
          metadata: { user_id: user },
          messages: [{ role: "user", content: "Hi" }],
        }),
        await call("POST", "/v1/responses", { model: "assistant", user, input: "Hi" }),
      ]
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
      const variants = new Set(answers.map(given))
      expect(variants.size).toBe(1)
      const [variant = ""] = [...variants].map(String)
      expect(sent()["model"]).toBe(variant === "size=cheap" ? "s" : "l")
      seen.add(variant)
    }
    expect([...seen].toSorted()).toEqual(["size=cheap", "size=dear"])
  }, 60_000)

  it("takes the key's user, and what the request says of its subject", async () => {
    const own = given(await chat({ model: "assistant" }, aliceKey))
    for (const user of ["x", "y", "z"]) expect(given(await chat({ model: "assistant", user }, aliceKey))).toBe(own)
    const bySubject = await chat({ model: "assistant", perdure: { subject: "session-7" }, user: "x" })
    expect(given(await chat({ model: "assistant", user: "other" }, key, { "x-perdure-subject": "session-7" }))).toBe(given(bySubject))
    expect(errorOf(await chat({ model: "assistant", perdure: { subject: 7 } })).param).toBe("perdure.subject")
  }, 30_000)

  it("is kept with the run, which is found by it, and is in its trace", async () => {
    const answer = await chat({ model: "assistant", user: "kept" })
    const response = await call("POST", "/v1/responses", {
      model: "assistant",
      user: "kept",
      input: "Hi",
      metadata: { experiment: "spoof" },
    })
    expect(response.body["metadata"]).toEqual({ experiment: "spoof" })
    const [name, variant] = String(given(answer)).split("=")
    for (const { headers } of [answer, response]) {
      const runId = headers.get("x-perdure-run-id") ?? ""
      await vi.waitFor(async () => {
        const run = await call("GET", `/v1/runs/${runId}`)
        expect(run.body["metadata"]).toMatchObject({ experiment: { name, variant } })
        const { runs } = runListSchema.parse((await call("GET", "/v1/runs?experiment=size&limit=100")).body)
        expect(runs.find(({ id }) => id === runId)).toMatchObject({ experiment: { name, variant } })
        const { spans } = (await call("GET", `/v1/runs/${runId}/spans`)).body as { spans: { attributes: object }[] }
        expect(spans[0]?.attributes).toMatchObject({ "perdure.experiment.name": name, "perdure.experiment.variant": variant })
      }, long)
    }
    expect(runListSchema.parse((await call("GET", "/v1/runs?experiment=none")).body).runs).toEqual([])
  }, 60_000)

  it("is for keys that may ask for the name, and gives none a model that it may not use", async () => {
    for (const user of ["u1", "u2", "u3", "u4", "u5", "u6"])
      expect(given(await chat({ model: "assistant", user }, narrowKey))).toBe("size=cheap")
    expect(errorOf(await chat({ model: "experiment/size" }, narrowKey)).code).toBe("model_not_allowed")
  }, 30_000)

  it("repeats its choice for a request that is sent again, though nobody is its subject", async () => {
    const ask = (): Promise<HttpAnswer> =>
      call("POST", "/v1/responses", { model: "assistant", input: "Once" }, key, { "idempotency-key": "again-1" })
    const [first, second] = [await ask(), await ask()]
    expect([second.status, second.body["id"]]).toEqual([200, first.body["id"]])
  }, 30_000)

  it("leaves out keys without its tags, and goes by a tag where it says so", async () => {
    expect(errorOf(await chat({ model: "experiment/tagged" })).code).toBe("model_not_allowed")
    expect(errorOf(await chat({ model: "tagged" })).code).toBe("model_not_found")
    const variants = new Set<string | null>()
    for (const user of ["u1", "u2", "u3", "u4", "u5"]) variants.add(given(await chat({ model: "tagged", user }, taggedKey)))
    expect(variants.size).toBe(1)
  }, 30_000)

  it("gives who is not in its share the control, and counts none of it", async () => {
    for (const user of ["u1", "u2", "u3"]) expect(given(await chat({ model: "narrow", user }))).toBe("narrow=b")
    const { variants } = await read("narrow")
    expect(variants.map(({ requests }) => requests)).toEqual([0, 0])
  }, 30_000)
})

describe("an experiment of prompts", () => {
  it("chooses the version where the request names none, with its variables", async () => {
    const seen = new Set<string>()
    for (const user of ["u1", "u2", "v3", "w4", "x5", "y6", "z7", "a8", "b9"]) {
      const answer = await chat({ model: "small", user, perdure: { prompt: { id: "support", variables: { shop: "S" } } } })
      expect(answer.status).toBe(200)
      const isFirst = given(answer) === "words=one"
      expect(answer.headers.get("x-perdure-prompt")).toBe(isFirst ? "support@1" : "support@2")
      expect(sent()).toMatchObject({ model: isFirst ? "s" : "l", messages: [{ content: isFirst ? "First S" : "Second S" }, {}] })
      const response = await call("POST", "/v1/responses", {
        model: "small",
        user,
        input: "x",
        prompt: { id: "support", variables: { shop: "S" } },
      })
      expect([given(response), response.headers.get("x-perdure-prompt")]).toEqual([given(answer), answer.headers.get("x-perdure-prompt")])
      seen.add(String(given(answer)))
    }
    expect([...seen].toSorted()).toEqual(["words=one", "words=two"])
  }, 60_000)

  it("leaves a request alone that wants a certain version", async () => {
    const answer = await chat({ model: "small", user: "u1", perdure: { prompt: { id: "support", version: 1, variables: { shop: "S" } } } })
    expect([given(answer), answer.headers.get("x-perdure-prompt")]).toEqual([null, "support@1"])
    const both = await chat({ model: "experiment/words", perdure: { prompt: { id: "support", version: 1, variables: { shop: "S" } } } })
    expect(errorOf(both)).toMatchObject({ code: "invalid_request", param: "perdure.prompt" })
  })

  it("says which variables are missing, and that a variant without a model needs one", async () => {
    const missing = await chat({ model: "small", user: "u1", perdure: { prompt: { id: "support" } } })
    expect(errorOf(missing).param).toBe("perdure.prompt.variables.shop")
    const answers: HttpAnswer[] = []
    for (const user of ["u1", "u2", "u3", "u4", "u5", "u6", "u7"])
      answers.push(await chat({ model: "experiment/words", user, perdure: { prompt: { variables: { shop: "S" } } } }))
    expect(answers.filter(({ status }) => status === 200).every((answer) => given(answer) === "words=two")).toBe(true)
    expect(answers.find(({ status }) => status !== 200)?.body["error"]).toMatchObject({
      code: "missing_required_parameter",
      param: "model",
    })
  }, 30_000)
})

describe("scores", () => {
  it("shift the weights to the better variant within bounds, and the log says why", async () => {
    const before = await read("size")
    expect(before).toMatchObject({
      status: "running",
      sampled: true,
      weights: { cheap: 0.5, dear: 0.5 },
      origin: expect.stringContaining("perdure.yaml"),
    })
    const runIds: Record<string, string[]> = { "size=cheap": [], "size=dear": [] }
    for (let turn = 0; turn < 80; turn += 1) {
      const answer = await chat({ model: "assistant" })
      runIds[String(given(answer))]?.push(answer.headers.get("x-perdure-run-id") ?? "")
    }
    for (const [variant, ids] of Object.entries(runIds)) {
      expect(ids.length).toBeGreaterThan(20)
      for (const [index, runId] of ids.entries()) {
        const value = variant === "size=dear" ? index % 10 !== 0 : index % 10 === 0
        const made = await call("POST", "/v1/feedback", { runId, name: "helpful", value: !value })
        expect(made.body["experiment"]).toEqual({ name: "size", variant: variant.slice(5) })
        // Replaced: the sums must not count it twice.
        await call("POST", "/v1/feedback", { runId, name: "helpful", value })
      }
    }
    const after = await vi.waitFor(async () => {
      const found = await read("size")
      expect(found.weights["dear"]).toBeCloseTo(0.9, 2)
      return found
    }, long)
    const [cheap, dear] = after.variants
    expect(dear?.scores).toEqual([expect.objectContaining({ name: "helpful", count: runIds["size=dear"]?.length })])
    expect(dear?.scores[0]?.mean).toBeGreaterThan(0.85)
    expect(dear?.scores[0]?.low).toBeLessThan(dear?.scores[0]?.mean ?? 0)
    expect(cheap?.scores[0]?.count).toBe(runIds["size=cheap"]?.length)
    expect(cheap?.scores[0]?.mean).toBeLessThan(0.2)
    expect(dear?.probabilityBest).toBeGreaterThan(0.99)
    const sampled = after.log.filter(({ kind }) => kind === "sampled")
    const first = sampled.at(-1)
    expect(first).toMatchObject({ principal: null, before: { cheap: 0.5, dear: 0.5 }, after: { cheap: 0.3, dear: 0.7 } })
    expect(first?.posterior?.["dear"]?.count).toBeGreaterThanOrEqual(10)
    expect(first?.reason).toMatch(/^"helpful" is highest with dear at a probability of \d+(\.\d)? %: .* 20 % is the most at once\.$/)
    expect(sampled[0]?.after).toEqual({ cheap: 0.1, dear: 0.9 })
    const next = await Promise.all(Array.from({ length: 60 }, () => chat({ model: "assistant" })))
    expect(next.filter((answer) => given(answer) === "size=dear").length).toBeGreaterThan(42)
  }, 120_000)

  it("belong to their project: another one has weights and sums of its own", async () => {
    const strange = await read("size", strangeKey)
    expect([strange.weights, strange.log, strange.variants.map(({ requests }) => requests)]).toEqual([
      { cheap: 0.5, dear: 0.5 },
      [],
      [0, 0],
    ])
  })

  it("and what the requests cost are summed by variant, responses included", async () => {
    const light = await chat({ model: "experiment/sums", user: "sum" })
    const durable = await call("POST", "/v1/responses", { model: "experiment/sums", user: "sum", input: "Hi", store: false })
    expect([light.status, given(durable)]).toEqual([200, given(light)])
    provider.next({ error: { status: 400, message: "bad" } })
    expect((await chat({ model: "experiment/sums", user: "sum" })).status).toBe(400)
    await vi.waitFor(async () => {
      const variant = (await read("sums")).variants.find(({ name }) => name === String(given(light)).slice(5))
      expect(variant).toMatchObject({ requests: 3, failed: 1, costKnown: true })
      expect(variant?.costMicroUsd).toBeGreaterThan(0)
      expect(variant?.latencyMs).toBeGreaterThan(0)
    }, long)
  }, 60_000)

  it("are listed newest first and summed by name and day", async () => {
    const { feedback, next } = feedbackListSchema.parse((await call("GET", "/v1/feedback?experiment=size&limit=5")).body)
    expect(feedback.map(({ name }) => name)).toEqual(["helpful", "helpful", "helpful", "helpful", "helpful"])
    const page = feedbackListSchema.parse((await call("GET", `/v1/feedback?limit=5&before=${next}`)).body)
    expect(page.feedback.every(({ id }) => id < (feedback.at(-1)?.id ?? ""))).toBe(true)
    const { rows } = feedbackSumsSchema.parse((await call("GET", "/v1/feedback/sums?interval=day&name=helpful")).body)
    expect(rows).toEqual([
      expect.objectContaining({ name: "helpful", category: null, count: 80, time: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) }),
    ])
    expect((await call("GET", "/v1/feedback/sums?since=5&until=5")).status).toBe(400)
    expect(feedbackListSchema.parse((await call("GET", "/v1/feedback", undefined, strangeKey)).body).feedback).toEqual([])
  })
})

describe("experiments over the API", () => {
  const definition = { models: ["try"], variants: { a: { model: "small" }, b: { model: "large", weight: 3 } } }

  it("begin, are paused, resumed, weighted, promoted and deleted, and each change is in the log", async () => {
    const made = await call("POST", "/v1/experiments", { name: "try", description: "Which?", ...definition })
    expect(made.status).toBe(201)
    expect(experimentSchema.parse(made.body)).toMatchObject({
      weights: { a: 0.25, b: 0.75 },
      origin: "api",
      status: "running",
      sampled: false,
    })
    const user = "u-b"
    expect(given(await chat({ model: "try", user }))).toMatch(/^try=/)
    await call("PATCH", "/v1/experiments/try", { status: "paused", reason: "too dear" })
    for (const each of ["u1", "u2", "u3", "u4", "u5"]) expect(given(await chat({ model: "try", user: each }))).toBe("try=a")
    await call("PATCH", "/v1/experiments/try", { status: "running", weights: { a: 0, b: 1 } })
    for (const each of ["u1", "u2", "u3"]) expect(given(await chat({ model: "try", user: each }))).toBe("try=b")
    await call("POST", "/v1/experiments/try/promote", { variant: "a", reason: "cheaper and as good" })
    for (const each of ["u1", "u2", "u3"]) expect(given(await chat({ model: "try", user: each }))).toBe("try=a")
    const ended = await read("try")
    expect(ended).toMatchObject({ status: "promoted", winner: "a" })
    expect(ended.log.map(({ kind }) => kind)).toEqual(["promoted", "resumed", "changed", "paused", "created"])
    expect(ended.log[0]?.reason).toBe("a is everybody's from now on: cheaper and as good")
    expect(ended.log[3]?.reason).toBe("Everybody gets the control for now: too dear")
    expect((await call("DELETE", "/v1/experiments/try")).body).toEqual({ name: "try", deleted: true })
    expect((await call("GET", "/v1/experiments/try")).status).toBe(404)
    expect((await chat({ model: "try" })).status).toBe(404)
    const records = await vi.waitFor(async () => {
      const { runs } = runListSchema.parse((await call("GET", "/v1/runs?kind=experiment")).body)
      expect(runs.length).toBeGreaterThanOrEqual(5)
      return runs
    }, long)
    expect(new Set(records.map(({ name }) => name))).toEqual(
      new Set(["experiment.delete", "experiment.promote", "experiment.update", "experiment.create"]),
    )
  }, 60_000)

  it("have the variant that was written first for their control, whatever order the database keeps them in", async () => {
    const variants = { smaller: { model: "small" }, big: { model: "large" } }
    expect((await call("POST", "/v1/experiments", { name: "ordered", variants })).status).toBe(201)
    await call("PATCH", "/v1/experiments/ordered", { status: "paused" })
    for (const user of ["u1", "u2", "u3", "u4"]) expect(given(await chat({ model: "experiment/ordered", user }))).toBe("ordered=smaller")
    expect(await read("ordered")).toMatchObject({ definition: { control: "smaller" } })
    await call("DELETE", "/v1/experiments/ordered")
  })

  it("that are declared in the configuration can be paused and promoted, but not defined anew or deleted", async () => {
    expect((await call("PATCH", "/v1/experiments/narrow", { status: "paused" })).body["status"]).toBe("paused")
    expect((await call("PATCH", "/v1/experiments/narrow", { status: "running" })).body["status"]).toBe("running")
    for (const refused of [
      await call("PATCH", "/v1/experiments/narrow", { weights: { a: 1, b: 1 } }),
      await call("DELETE", "/v1/experiments/narrow"),
      await call("POST", "/v1/experiments", { name: "narrow", ...definition }),
    ])
      expect([refused.status, errorOf(refused).message]).toEqual([409, expect.stringContaining("perdure.yaml")])
  }, 30_000)

  it.each<[string, object, number, string]>([
    ["a model that is not there", { variants: { a: { model: "nobody" } } }, 404, "variants.a.model"],
    ["a prompt that is not there", { variants: { a: { prompt: { id: "nobody" } } } }, 404, "prompt"],
    ["a variant without model and prompt", { variants: { a: {} } }, 400, "variants.a"],
    ["a control that is no variant", { variants: { a: { model: "small" } }, control: "b" }, 400, "control"],
    ["bounds that cannot be kept", { ...definition, models: [], sampling: { score: "x", min: 0.6 } }, 400, "sampling.min"],
    ["a name that another experiment has", { ...definition, models: ["assistant"] }, 409, "models"],
  ])("are refused with %s, by name", async (_, given_, status, param) => {
    const answer = await call("POST", "/v1/experiments", { name: "bad", ...given_ })
    expect([answer.status, errorOf(answer).param]).toEqual([status, param])
  })

  it("belong to their project, and cannot be begun by a key with models that it may not use", async () => {
    await call("POST", "/v1/experiments", { name: "mine", ...definition, models: ["mine"] })
    expect((await call("GET", "/v1/experiments/mine", undefined, strangeKey)).status).toBe(404)
    expect((await chat({ model: "mine" }, strangeKey)).status).toBe(404)
    const narrow = await call("POST", "/v1/experiments", { name: "wide", ...definition, models: [] }, narrowKey)
    expect([narrow.status, errorOf(narrow).code]).toEqual([403, "model_not_allowed"])
  })
})

it("lines of batches take part too", async () => {
  const lines = ["u1", "u2"].map((user) => ({
    custom_id: user,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "assistant", user, messages: [{ role: "user", content: "Hi" }] },
  }))
  const form = new FormData()
  form.set("purpose", "batch")
  form.set("file", new Blob([lines.map((line) => JSON.stringify(line)).join("\n")]), "lines.jsonl")
  const headers = { authorization: `Bearer ${key}` }
  const file = (await (await fetch(`${perdure.url}/v1/files`, { method: "POST", headers, body: form })).json()) as { id: string }
  const before = (await read("size")).variants.reduce((sum, { requests }) => sum + requests, 0)
  const made = await call("POST", "/v1/batches", { input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" })
  expect(made.status).toBe(200)
  await vi.waitFor(async () => {
    expect((await call("GET", `/v1/batches/${String(made.body["id"])}`)).body["status"]).toBe("completed")
    const after = (await read("size")).variants.reduce((sum, { requests }) => sum + requests, 0)
    expect(after - before).toBe(2)
  }, long)
}, 60_000)
