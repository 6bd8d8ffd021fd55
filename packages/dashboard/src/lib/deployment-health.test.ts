// How deployments are described and found.
import type { DeploymentHealth, DeploymentStatus, ServedModel } from "@perdure/client"
import { describe, expect, it } from "vitest"
import { furtherPrices, healthLook, isPriceUnknown, priceText, shownModels } from "./deployment-health.ts"

const now = 1_700_000_000_000

const health = (part: Partial<DeploymentHealth> = {}): DeploymentHealth => ({
  state: "closed",
  openedBy: null,
  openUntil: null,
  coolDownUntil: null,
  inFlight: 0,
  concurrencyMax: null,
  concurrencyLearned: false,
  firstTokenMs: null,
  tokensPerSecond: null,
  errorRate: 0,
  attempts: 3,
  failures: 0,
  lastCalls: { calls: 3, failed: 0, failedInRow: 0 },
  lastError: null,
  usedUp: null,
  probe: null,
  ...part,
})

const status = (id: string, part: Partial<DeploymentStatus> = {}): DeploymentStatus => ({
  id,
  provider: "openai",
  dialect: "openai",
  upstreamModel: id,
  does: ["chat"],
  contextTokensMax: null,
  region: null,
  tags: [],
  limits: null,
  price: { inputPerMillionUsd: 0.15, outputPerMillionUsd: 0.6, cachedInputPerMillionUsd: 0.075 },
  probed: false,
  origin: "perdure.yaml:3",
  health: health(),
  ...part,
})

const served = (name: string, deployments: ServedModel["deployments"], part: Partial<ServedModel> = {}): ServedModel => ({
  name,
  aliases: [],
  ownedBy: "openai",
  isPattern: false,
  regions: null,
  fallbacks: [],
  contextFallbacks: [],
  contentFallbacks: [],
  sort: null,
  hedgeAfterMs: null,
  deployments,
  ...part,
})

describe("how a deployment fares", () => {
  it("is told with the reason, and when it is tried again", () => {
    const open = healthLook(health({ state: "open", openedBy: "credentials", openUntil: now + 59_100 }), now)
    expect(open).toMatchObject({ label: "Left alone", tone: "bad", trouble: 3 })
    expect(open.detail).toBe("it refuses the credentials, tried again in 1 m 0 s")
    expect(healthLook(health({ state: "open", openedBy: "server", openUntil: now - 1 }), now).detail).toBe(
      "server errors, tried at the next call",
    )
    expect(healthLook(health({ coolDownUntil: now + 4_000 }), now)).toMatchObject({ label: "Cooling down", trouble: 2 })
  })

  it("is told where its budget is used up, and until when", () => {
    const look = healthLook(health({ usedUp: { limit: "openai-day", until: now + 7_200_000 } }), now)
    expect(look).toMatchObject({ label: "Budget used up", tone: "warn", trouble: 2 })
    expect(look.detail).toBe('the limit "openai-day" is used up, tried again in 2 h 0 m')
    expect(healthLook(health({ usedUp: { limit: "all", until: null } }), now).detail).toBe('the limit "all" is used up')
  })

  it("is no trouble after a cool-down is over, and never called well before anybody asked", () => {
    expect(healthLook(health({ coolDownUntil: now - 1 }), now).label).toBe("Well")
    expect(healthLook(health({ attempts: 0 }), now).label).toBe("Not asked yet")
    expect(healthLook(health({ attempts: 0, probe: { ok: true, ms: 2, why: null, at: now } }), now).label).toBe("Well")
  })

  it("is trouble where a probe gets no answer, or calls fail now and then", () => {
    expect(healthLook(health({ probe: { ok: false, ms: 2, why: "ECONNREFUSED", at: now } }), now)).toMatchObject({
      trouble: 3,
      detail: "ECONNREFUSED",
    })
    expect(healthLook(health({ errorRate: 0.25 }), now)).toMatchObject({ trouble: 1, detail: "25 % of calls fail" })
  })
})

describe("a deployment whose last calls failed", () => {
  const lastError = { code: "upstream_error", failure: "connection", at: now - 60_000 }
  const failing = health({ failures: 3, lastCalls: { calls: 3, failed: 3, failedInRow: 3 }, lastError })

  it("is failing before its breaker opens, with what they said, and however long ago that was", () => {
    expect(healthLook(failing, now)).toMatchObject({ label: "Failing", tone: "bad", trouble: 3, detail: "3 of the last 3: no connection" })
    expect(healthLook({ ...failing, lastCalls: { calls: 1, failed: 1, failedInRow: 1 } }, now).label).toBe("Failing")
    expect(healthLook({ ...failing, lastCalls: { calls: 10, failed: 4, failedInRow: 4 } }, now).detail).toBe(
      "4 of the last 4: no connection",
    )
  })

  it("is unsteady where some of them were answered", () => {
    const mixed = health({ lastCalls: { calls: 10, failed: 4, failedInRow: 2 } })
    expect(healthLook(mixed, now)).toMatchObject({ label: "Unsteady", detail: "4 of the last 10 calls failed", trouble: 1 })
  })

  it("answers again when a later probe was answered, where a probe would have met the same", () => {
    const probe = { ok: true, ms: 2, why: null, at: now - 1_000 }
    expect(healthLook({ ...failing, probe }, now)).toMatchObject({ label: "Answers again", tone: "warn" })
    expect(healthLook({ ...failing, probe: { ...probe, at: now - 90_000 } }, now).label).toBe("Failing")
    expect(healthLook({ ...failing, probe, lastError: { ...lastError, failure: "forbidden" } }, now).label).toBe("Failing")
  })
})

describe("what a deployment costs", () => {
  const tokens = { inputPerMillionUsd: 0.15, outputPerMillionUsd: 0.6, cachedInputPerMillionUsd: 0.15 }
  const none = { inputPerMillionUsd: 0, outputPerMillionUsd: 0, cachedInputPerMillionUsd: 0 }

  it("is shown per million tokens, by the piece, or as free", () => {
    expect(priceText(tokens)).toBe("$0.15 · $0.60")
    expect(priceText({ ...tokens, inputPerMillionUsd: 10, outputPerMillionUsd: 0.0375 })).toBe("$10.00 · $0.0375")
    expect(priceText({ ...none, perImageUsd: 0.04 })).toBe("$0.04 / image")
    expect(priceText(none)).toBe("free")
  })

  it("is told further of tiers and of tools that are charged for", () => {
    const flex = { inputPerMillionUsd: 0.075, outputPerMillionUsd: 0.3, cachedInputPerMillionUsd: 0.0075 }
    expect(furtherPrices({ ...tokens, tiers: { flex }, perThousandToolCallsUsd: { web_search: 10, web_fetch: 0, code: 50 / 12 } })).toEqual(
      [
        { name: "flex", text: "$0.075 · $0.30" },
        { name: "web_search", text: "$10.00 / 1,000 calls" },
        { name: "code", text: "$4.17 / 1,000 calls" },
      ],
    )
    expect(furtherPrices(tokens)).toEqual([])
    const above = { inputTokens: 200_000, inputPerMillionUsd: 2.5, outputPerMillionUsd: 15, cachedInputPerMillionUsd: 0.25 }
    expect(furtherPrices({ ...tokens, above, tiers: { flex: { ...flex, above } } }).map(({ name, text }) => `${name}: ${text}`)).toEqual([
      "above 200,000 tokens in: $2.50 · $15.00",
      "flex: $0.075 · $0.30",
      "flex, above 200,000 tokens in: $2.50 · $15.00",
    ])
  })

  it("is unknown where nobody stated it, but not where a pattern leaves the model open", () => {
    expect(isPriceUnknown({ price: null, upstreamModel: "own-model" })).toBe(true)
    expect(isPriceUnknown({ price: null, upstreamModel: "*" })).toBe(false)
  })
})

describe("models with their deployments", () => {
  const plain = { parameters: null, retry: null, fallbackOn: null }
  const two = [
    { id: "a", priority: 0, weight: 3, ...plain },
    { id: "b", priority: 0, weight: 1, ...plain },
    { id: "c", priority: 1, weight: 1, ...plain },
  ]
  const deployments = [
    status("a"),
    status("b", { price: null, health: health({ state: "open" }) }),
    status("c", { tags: ["eu"], provider: "groq" }),
  ]
  const all = { search: "", only: undefined, now }

  it("say what share of the calls of its priority goes where, and nothing where it is not weights that decide", () => {
    const shares = (model: ServedModel): (number | null)[] =>
      shownModels({ models: [model], deployments }, all).flatMap((each) => each.deployments.map(({ share }) => share))
    expect(shares(served("m", two))).toEqual([0.75, 0.25, null])
    expect(shares(served("m", two, { sort: "price" }))).toEqual([null, null, null])
  })

  it("are found by name, alias, provider and tag, by trouble, and by unknown prices", () => {
    const models = [served("fast", two, { aliases: ["gpt-4o-mini"] }), served("careful", [{ id: "c", priority: 0, weight: 1, ...plain }])]
    const names = (filter: Partial<typeof all> | { only: "trouble" | "unpriced" }): string[] =>
      shownModels({ models, deployments }, { ...all, ...filter }).map(({ model }) => model.name)
    expect(names({ search: "4O" })).toEqual(["fast"])
    expect(names({ search: "groq" })).toEqual(["fast", "careful"])
    expect(names({ search: "eu" })).toEqual(["fast", "careful"])
    expect(names({ search: "nothing" })).toEqual([])
    expect(names({ only: "trouble" })).toEqual(["fast"])
    expect(names({ only: "unpriced" })).toEqual(["fast"])
  })

  it("say of each parameter whether it is for those who do not say it, for all, or left out", () => {
    const parameters = { defaults: { temperature: 0.2, stop: ["END"], tier: "flex" }, overrides: { seed: 7 }, dropped: ["user"] }
    const [shown] = shownModels({ models: [served("m", [{ id: "a", priority: 0, weight: 1, ...plain, parameters }])], deployments }, all)
    expect(shown?.deployments[0]?.parameters).toEqual(["temperature 0.2", 'stop ["END"]', "tier flex", "seed 7, always", "no user"])
  })

  it("say after which failures one is asked again, and after which another one is", () => {
    const words = (part: Partial<ServedModel["deployments"][number]>): unknown =>
      shownModels({ models: [served("m", [{ id: "a", priority: 0, weight: 1, ...plain, ...part }])], deployments }, all)[0]?.deployments[0]
        ?.failures
    expect(words({})).toEqual([])
    expect(words({ retry: { attempts: 2, on: ["rate_limit", 503], first: true }, fallbackOn: [] })).toEqual([
      "retries 2 after rate_limit, 503, first",
      "another after no failure",
    ])
    expect(words({ retry: { counts: { server: 1 } }, fallbackOn: [429] })).toEqual(["retries server 1", "another after 429"])
  })
})
