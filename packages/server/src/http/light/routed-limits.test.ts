// A call that a guard sends to another model: bound by that model's limits and by the key's right to it, and charged there.
import { afterEach, describe, expect, it } from "vitest"
import type { LightRunRecord, LimitRule } from "../../accounting/index.ts"
import { defaultLimits } from "../../core/index.ts"
import { compileScope, createGuards, type Guard } from "../../security/index.ts"
import { startFakeProvider, type FakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, testPrincipal, type RawAnswer } from "../../testing/gateway.ts"

let cleanUps = new AsyncDisposableStack()
afterEach(async () => {
  await cleanUps.disposeAsync()
  cleanUps = new AsyncDisposableStack()
})

const elsewhere: Guard = {
  name: "elsewhere",
  before: (texts) => (texts.some(({ text }) => text.includes("secret")) ? { action: "route", model: "chosen" } : { action: "allow" }),
}
const base = { origin: "perdure.yaml:3", kind: "budget", per: "day" } as const
/** Of a model's requests or tokens in a day. */
function budget(model: string, unit: "requests" | "tokens", limit: number): LimitRule {
  return { ...base, name: `${model}-day`, for: { model }, unit, limit }
}

interface Opened {
  provider: FakeProvider
  records: readonly LightRunRecord[]
  ask: (text?: string, key?: string) => Promise<RawAnswer>
}

async function open(rules: readonly LimitRule[]): Promise<Opened> {
  const provider = cleanUps.use(await startFakeProvider({ text: "hi", usage: { prompt_tokens: 100, completion_tokens: 100 } }))
  const models = ["asked", "chosen"].map((name) => testModel(name, testDeployment(`${provider.url}/v1`, { id: `fake/${name}` })))
  const guards = createGuards({ rules: [{ guard: elsewhere, when: {} }], limits: defaultLimits })
  const scope = (...names: string[]) => ({ ...testPrincipal, scope: compileScope({ models: names, endpoints: [] }) })
  const keys = {
    narrow: scope("asked"),
    wide: scope("asked", "chosen"),
    single: { ...testPrincipal, limits: { concurrent: 1, requestsPerMinute: 1 } },
  }
  const gateway = cleanUps.use(await startTestGateway({ models, rules, guards, keys }))
  return {
    provider,
    records: gateway.records,
    ask: (text = "a secret", key = "sk-test") => {
      const body = { model: "asked", messages: [{ role: "user", content: text }], max_tokens: 100 }
      return rawPost(gateway.url, "/v1/chat/completions", body, { authorization: `Bearer ${key}` })
    },
  }
}

const codeOf = ({ text }: RawAnswer): unknown => (JSON.parse(text) as { error?: { code: unknown } }).error?.code

describe("a call that a guard sends to another model", () => {
  it("is refused where the limit of that model is used up, and its provider is not asked", async () => {
    const { ask, provider } = await open([budget("chosen", "requests", 1)])
    expect((await ask()).headers["x-perdure-route"]).toBe("fake/chosen")
    expect(codeOf(await ask())).toBe("insufficient_quota")
    expect(provider.requests).toHaveLength(1)
    expect((await ask("nothing")).status).toBe(200)
  })

  it("settles there what it used, and leaves the limits of the model that was asked as they were", async () => {
    // Room for one call in either: 200 tokens used, 100 and some words reserved.
    const { ask } = await open([budget("asked", "tokens", 290), budget("chosen", "tokens", 290)])
    expect((await ask()).status).toBe(200)
    expect(codeOf(await ask())).toBe("insufficient_quota")
    expect((await ask("nothing")).status).toBe(200)
    expect(codeOf(await ask("nothing"))).toBe("insufficient_quota")
  })

  it("is recorded with the model that was asked for, the deployment that served it, and what the guard made of it, as a fallback is", async () => {
    const { ask, records } = await open([])
    await ask()
    await expect.poll(() => records.length, { timeout: 20_000 }).toBe(1)
    expect(records[0]).toMatchObject({
      model: "asked",
      deployment: "fake/chosen",
      data: { guards: [{ guard: "elsewhere", action: "route", routed: { asked: "asked", model: "chosen" } }] },
    })
    await ask("nothing")
    await expect.poll(() => records.length, { timeout: 20_000 }).toBe(2)
    expect(records[1]).toMatchObject({ model: "asked", deployment: "fake/asked", data: { guards: [{ action: "allow" }] } })
    expect(JSON.stringify(records[1]?.data)).not.toContain("routed")
  })

  it("is still one call of its key", async () => {
    const { ask } = await open([])
    const answer = await ask("a secret", "single")
    expect([answer.status, answer.headers["x-perdure-route"], answer.headers["x-ratelimit-remaining-requests"]]).toEqual([
      200,
      "fake/chosen",
      "0",
    ])
  })

  it("is refused to a key that may not use that model, without naming it", async () => {
    const { ask, provider } = await open([])
    const refused = await ask("a secret", "narrow")
    expect([refused.status, codeOf(refused)]).toEqual([403, "model_not_allowed"])
    expect(refused.text).toContain("elsewhere")
    expect(refused.text).not.toContain("chosen")
    expect(provider.requests).toEqual([])
    expect((await ask("nothing", "narrow")).status).toBe(200)
    expect((await ask("a secret", "wide")).headers["x-perdure-route"]).toBe("fake/chosen")
  })
})
