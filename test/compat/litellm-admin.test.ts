// A script that provisions keys over LiteLLM's admin API, and the application that uses them: the whole life of a key on a running server.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
/** 1,000 tokens at $1 and 500 at $2 a million. */
const callUsd = 0.002
const long = { timeout: 60_000 }

const configOf = (url: string): string => `discovery: false
providers: { up: { baseUrl: "${url}", apiKey: up-key } }
models:
  paid: { aliases: [gpt-4o], deployments: [{ provider: up, model: m, price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }, limits: { requestsPerMinute: 900 } }] }
  other: { deployments: [{ provider: up, model: n, price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }] }
`

describe("LiteLLM's admin API on a running server", () => {
  const cleanUps = new AsyncDisposableStack()
  let server: StartedServer

  beforeAll(async () => {
    const provider = cleanUps.use(await startFakeProvider(() => ({ text: "hi", usage })))
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url))
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
  })
  afterAll(() => cleanUps.disposeAsync())

  const admin = async <T = Record<string, unknown>>(method: string, path: string, body?: object, key = server.apiKey): Promise<T> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const response = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const chat = async (key: string, model: string): Promise<string> => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key, maxRetries: 0 })
    const call = client.chat.completions.create({ model, max_tokens: 600, messages: [{ role: "user", content: "Say hi." }] })
    return call.then(
      ({ choices }) => choices[0]?.message.content ?? "",
      (error: unknown) => (error instanceof OpenAI.APIError ? `${error.status} ${error.code ?? ""}` : String(error)),
    )
  }

  it("gives a key its models and its budget, tells what it spent, and takes it back", async () => {
    const made = await admin<{ key: string; token: string }>("POST", "/key/generate", {
      key_alias: "app",
      models: ["paid", "gpt-4o"],
      max_budget: 3 * callUsd,
      budget_duration: "30d",
      duration: "30d",
      team_id: "search",
      user_id: "ada",
      metadata: { tags: ["prod"] },
    })
    expect([await chat(made.key, "paid"), await chat(made.key, "gpt-4o")]).toEqual(["hi", "hi"])
    expect(await chat(made.key, "other")).toBe("403 model_not_allowed")
    expect(await chat(made.key, "paid")).toBe("hi")
    expect(await chat(made.key, "paid")).toBe("429 insufficient_quota")

    const spentBy = async (): Promise<unknown> => (await admin<{ info: { spend: number } }>("GET", `/key/info?key=${made.key}`)).info.spend
    await expect.poll(spentBy, long).toBeCloseTo(3 * callUsd, 9)
    const own = await admin<{ key: string; info: object }>("GET", "/key/info", undefined, made.key)
    expect(own).toMatchObject({ key: made.token, info: { max_budget: 3 * callUsd, budget_duration: "30d", team_id: "search" } })
    const logs = await admin<Record<string, unknown>[]>("GET", `/spend/logs?api_key=${made.key}`)
    expect(logs.filter(({ status }) => status === "success")).toHaveLength(3)
    expect(logs.find(({ status }) => status === "success")).toMatchObject({
      call_type: "acompletion",
      api_key: made.token,
      spend: callUsd,
      prompt_tokens: 1_000,
      completion_tokens: 500,
      total_tokens: 1_500,
      user: "ada",
      team_id: "search",
      request_tags: ["prod"],
    })
    const id = String(logs.find(({ status }) => status === "success")?.["request_id"])
    for (const request of [id, id.replace("run_", "req_")])
      expect(await admin("GET", `/spend/logs?request_id=${request}`)).toMatchObject([{ request_id: id }])
    expect(await admin("GET", "/spend/logs?user_id=nobody")).toEqual([])

    await admin("POST", "/key/block", { key: made.key })
    expect(await chat(made.key, "paid")).toBe("401 invalid_api_key")
    await admin("POST", "/key/unblock", { key: made.key })
    await admin("POST", "/key/update", { key: made.key, max_budget: 1 })
    expect(await chat(made.key, "paid")).toBe("hi")

    const next = await admin<{ key: string; token: string }>("POST", `/key/${made.key}/regenerate`)
    expect([next.token, await chat(made.key, "paid"), await chat(next.key, "paid")]).toEqual([made.token, "401 invalid_api_key", "hi"])
    expect(await admin("POST", "/key/delete", { keys: [next.key] })).toEqual({ deleted_keys: [next.key] })
    expect(await chat(next.key, "paid")).toBe("401 invalid_api_key")
    await expect
      .poll(() => admin<object[]>("GET", `/spend/logs?api_key=${made.token}&summarize=false`).then((rows) => rows.length), long)
      .toBeGreaterThan(5)
  })

  it("sums by day, tag, team, customer and key", async () => {
    const made = await admin<{ key: string; token: string }>("POST", "/key/generate", { team_id: "sums", tags: ["nightly"], user_id: "bo" })
    await chat(made.key, "paid")
    await chat(made.key, "other")
    const today = new Date().toISOString().slice(0, 10)
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const range = `start_date=${yesterday}&end_date=${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}`
    const days = (): Promise<Record<string, unknown>[]> => admin("GET", `/spend/logs?${range}&api_key=${made.token}`)
    await expect.poll(async () => (await days())[0]?.["spend"], long).toBeCloseTo(2 * callUsd, 9)
    const [day] = await days()
    expect([today, yesterday]).toContain(String(day?.["startTime"]))
    expect(day).toMatchObject({ models: { paid: callUsd, other: callUsd }, [made.token]: 2 * callUsd, users: { bo: 2 * callUsd } })
    expect(await admin("GET", `/spend/tags?${range}`)).toContainEqual({
      individual_request_tag: "nightly",
      log_count: 2,
      total_spend: 2 * callUsd,
    })
    const report = (by: string): Promise<Record<string, unknown>[]> =>
      admin("GET", `/global/spend/report?${range}&group_by=${by}&api_key=${made.token}`)
    expect(await report("team")).toMatchObject([{ teams: [{ team_name: "sums", total_spend: 2 * callUsd }] }])
    expect(await report("customer")).toMatchObject([{ customers: [{ customer: "bo", total_spend: 2 * callUsd }] }])
    expect(await report("api_key")).toMatchObject([
      { api_key: made.token, total_cost: 2 * callUsd, total_input_tokens: 2_000, total_output_tokens: 1_000 },
    ])
    // A key that acts for one user is told of its calls alone.
    const own = await admin<{ user: string }[]>("GET", "/spend/logs", undefined, made.key)
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set(["bo"]))
    await expect(admin("GET", "/spend/logs?user_id=ada", undefined, made.key)).rejects.toThrow("403")
  })

  it("lists models with prices, to a key those that it may use, and no credentials", async () => {
    for (const path of ["/model/info", "/v1/model/info"]) {
      const all = await admin<{ data: { model_name: string; litellm_params: object; model_info: object }[] }>("GET", path)
      expect(all.data.find(({ model_name: name }) => name === "gpt-4o")).toMatchObject({
        litellm_params: { model: "openai-compatible/m", rpm: 900 },
        model_info: { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002, mode: "chat" },
      })
      for (const secret of ["up-key", "127.0.0.1"]) expect(JSON.stringify(all)).not.toContain(secret)
    }
    const made = await admin<{ key: string }>("POST", "/key/generate", { models: ["other"] })
    const some = await admin<{ data: { model_name: string }[] }>("GET", "/v1/model/info", undefined, made.key)
    expect(some.data.map(({ model_name: name }) => name)).toEqual(["other"])
  })

  it("answers LiteLLM's probes without a key", async () => {
    expect(await (await fetch(`${server.url}/health/liveliness`)).json()).toBe("I'm alive!")
    const ready = await fetch(`${server.url}/health/readiness`)
    expect({ status: ready.status, body: await ready.json() }).toEqual({ status: 200, body: { status: "healthy", db: "connected" } })
  })
})
