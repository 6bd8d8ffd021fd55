// Alerts over a real database and real webhooks: each thing is told once over several processes and starts, and reaches a webhook that was away.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import type { WatchedBudget } from "../accounting/index.ts"
import type { AlertConfig } from "../config/index.ts"
import { Secret } from "../config/index.ts"
import { defaultLimits, newId, systemClock, type Limits } from "../core/index.ts"
import { alerts as table } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { eventually, startWebhookReceiver, type WebhookReceiver } from "../testing/webhook-receiver.ts"
import { openAlerts, type Alerts } from "./index.ts"
import { signatureOf } from "./signature.ts"

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const limits: Limits = {
  ...defaultLimits,
  alertRetryMs: 20,
  alertRetryMsMax: 50,
  alertTimeoutMs: 3_000,
  deploymentDownAfterMs: 300,
  deploymentUpAfterMs: 300,
}
const all = ["budget.threshold", "budget.exceeded", "deployment.down", "deployment.up", "key.expiring"] as const

let budgets = 0
function budget(part: { limit?: number; alertAt?: readonly number[]; id?: string; project?: string | null } = {}): WatchedBudget {
  const { limit = 10_000_000, alertAt, id = `budget-${(budgets += 1)}`, project = "proj_a" } = part
  const scope = { project, key: null, user: null, model: null, tag: null, provider: null, deployment: null }
  const rule = {
    name: "team",
    for: {},
    unit: "microUsd",
    limit,
    kind: "budget",
    per: "day",
    origin: "perdure.yaml:3",
    ...(alertAt ? { alertAt } : {}),
  } as const
  const end = systemClock.now() + 60_000
  return { id, bound: { id, rule, scope }, window: { start: 0, end } }
}

describe.each(testEngines())("alerts on %s", (engine) => {
  let database: TestStore
  let opened: AsyncDisposableStack
  let log: { fields: object; message: string }[] = []
  let attempts: string[] = []

  beforeAll(async () => {
    database = await openTestStore(engine)
  })
  afterEach(async () => {
    await opened.disposeAsync()
    log = []
    attempts = []
  })
  afterAll(() => database[Symbol.asyncDispose]())

  async function receiver(): Promise<WebhookReceiver> {
    opened = new AsyncDisposableStack()
    return opened.use(await startWebhookReceiver())
  }
  /** What one process has. */
  function process(...webhooks: AlertConfig[]): Alerts {
    const logger = { warn: (fields: object, message: string) => void log.push({ fields, message }) }
    const events = { alertAttempted: (outcome: string) => void attempts.push(outcome) }
    const onError = (what: string, error: unknown): void => void log.push({ fields: { error }, message: what })
    const parts = { store: database.store, limits, clock: systemClock, newId, random: () => 0.5, logger, events, onError }
    return opened.use(openAlerts({ ...parts, webhooks }))
  }
  function webhook(url: string, part: Partial<AlertConfig> = {}): AlertConfig {
    const name = `hook-${newId("evt")}`
    return { name, url: new Secret(url, "test"), format: "json", secret: null, on: all, project: null, origin: "perdure.yaml:9", ...part }
  }

  it("tells the largest share that is reached, once over all processes, and nothing again after a restart", async () => {
    const hook = await receiver()
    const config = webhook(hook.url, { secret: new Secret(secret, "test") })
    const watched = budget({ alertAt: [0.5, 0.8, 1] })
    const [one, two] = [process(config), process(config)]
    for (const { budgets: watch } of [one, two]) for (const used of [1_000_000, 8_100_000, 8_200_000]) watch.reported(watched, used)
    await eventually(() => hook.received.length >= 1)
    await one[Symbol.asyncDispose]()
    process(config).budgets.reported(watched, 8_300_000)
    two.budgets.reported(watched, 10_000_000)
    await eventually(() => hook.received.length >= 2)
    expect(hook.received.map(({ json }) => [json.type, json.project, json.data["threshold"]])).toEqual([
      ["budget.threshold", "proj_a", 0.8],
      ["budget.threshold", "proj_a", 1],
    ])
    const [{ json, headers, body } = expect.fail("it was sent")] = hook.received
    expect(json.data).toMatchObject({ budget: "team", unit: "usd", spent: 8.1, limit: 10, per: "day", scope: { project: "proj_a" } })
    const timestamp = Number(headers["webhook-timestamp"])
    expect(headers["webhook-id"]).toBe(json.id)
    expect(headers["webhook-signature"]).toBe(signatureOf({ id: json.id, timestamp, body }, secret))
  })

  it("tells once that a budget refuses calls, and again when it was raised and is used up again", async () => {
    const hook = await receiver()
    const { budgets: watch } = process(webhook(hook.url))
    const watched = budget({ id: "raised" })
    for (let call = 0; call < 3; call += 1) watch.refused(watched, 9_900_000)
    watch.refused(budget({ id: "raised", limit: 20_000_000 }), 19_900_000)
    await eventually(() => hook.received.length >= 2)
    expect(hook.received.map(({ json }) => [json.type, json.data["spent"], json.data["limit"]])).toEqual([
      ["budget.exceeded", 9.9, 10],
      ["budget.exceeded", 19.9, 20],
    ])
  })

  it("tells a webhook of one project of that project alone, and each of what it asked for", async () => {
    const hook = await receiver()
    const ofProject = webhook(`${hook.url}?of=project`, { project: "proj_b" })
    const ofRefusals = webhook(`${hook.url}?of=refusals`, { on: ["budget.exceeded"] })
    const { budgets: watch } = process(ofProject, ofRefusals)
    watch.reported(budget({ project: "proj_a" }), 9_000_000)
    watch.reported(budget({ project: null }), 9_000_000)
    watch.reported(budget({ project: "proj_b" }), 9_000_000)
    watch.refused(budget({ project: "proj_a" }), 9_000_000)
    await eventually(() => hook.received.length >= 2)
    const told = hook.received.map(({ json }) => `${json.project} ${json.type}`)
    expect(told.sort()).toEqual(["proj_a budget.exceeded", "proj_b budget.threshold"])
  })

  it("sends again what a webhook did not take, also from another process, and then says who did not take it", async () => {
    const hook = await receiver()
    hook.status = 503
    const config = webhook(hook.url)
    const first = process(config)
    first.budgets.reported(budget(), 9_000_000)
    await eventually(() => hook.received.length >= 2)
    await first[Symbol.asyncDispose]()
    hook.status = 200
    process(config)
    await eventually(() => attempts.includes("sent"))
    expect(new Set(hook.received.map(({ json }) => json.id)).size).toBe(1)
    expect(log).toContainEqual({
      message: "a webhook does not take an alert: it is tried again",
      fields: expect.objectContaining({ webhook: config.name, outcome: "HTTP 503", next: `perdure alerts test ${config.name}` }) as object,
    })
  })

  it("gives an alert up after so many attempts, and at once where the webhook is gone", async () => {
    const hook = await receiver()
    hook.status = 500
    const { budgets: watch } = process(webhook(hook.url))
    watch.reported(budget(), 9_000_000)
    await eventually(() => attempts.includes("failed"))
    expect(hook.received).toHaveLength(limits.alertAttemptsMax)
    hook.status = 410
    watch.reported(budget(), 9_000_000)
    await eventually(() => attempts.filter((each) => each === "failed").length > 1)
    expect(hook.received).toHaveLength(limits.alertAttemptsMax + 1)
    expect(log.at(-1)?.message).toBe("an alert is given up: its webhook does not take it")
  })

  it("lets a webhook that does not answer keep no other one waiting", async () => {
    const silent = await receiver()
    silent.status = 0
    const hook = opened.use(await startWebhookReceiver())
    const { budgets: watch } = process(webhook(silent.url), webhook(hook.url))
    watch.reported(budget(), 9_000_000)
    await eventually(() => silent.received.length > 0)
    watch.reported(budget(), 9_000_000)
    await eventually(() => hook.received.length >= 2)
    expect(hook.received).toHaveLength(2)
    expect(silent.received).toHaveLength(1)
  })

  it("tells of a deployment that stays down and comes back, once over all processes, and not of one that flaps", async () => {
    const hook = await receiver()
    const config = webhook(hook.url)
    const [one, two] = [process(config), process(config)]
    const [flapping, down] = [`openai/${newId("evt")}`, `openai/${newId("evt")}`].map((id) => ({ id, provider: "openai" }))
    if (!flapping || !down) throw new Error("there are two")
    one.deployments.circuitChanged(flapping, "open", "server")
    one.deployments.circuitChanged(flapping, "closed", null)
    for (const { deployments } of [one, two]) deployments.circuitChanged(down, "open", "timeout")
    await eventually(() => hook.received.length >= 1)
    // It flaps meanwhile.
    one.deployments.circuitChanged(down, "closed", null)
    one.deployments.circuitChanged(down, "open", "timeout")
    for (const { deployments } of [one, two]) deployments.circuitChanged(down, "closed", null)
    await eventually(() => hook.received.length >= 2)
    expect(hook.received.map(({ json }) => [json.type, json.data])).toEqual([
      ["deployment.down", { deployment: down.id, provider: "openai", failure: "timeout" }],
      ["deployment.up", { deployment: down.id, provider: "openai" }],
    ])
  })

  it("tells after a restart that a deployment answers again", async () => {
    const hook = await receiver()
    const config = webhook(hook.url)
    const down = { id: `openai/${newId("evt")}`, provider: "openai" }
    const first = process(config)
    first.deployments.circuitChanged(down, "open", "server")
    await eventually(() => hook.received.length >= 1)
    await first[Symbol.asyncDispose]()
    const { deployments } = process(config)
    await eventually(() => (deployments.answered(down), hook.received.length >= 2))
    expect(hook.received.map(({ json }) => json.type)).toEqual(["deployment.down", "deployment.up"])
  })

  it("keeps no more for a webhook than may wait for it", async () => {
    await receiver()
    const [db, name] = [database.store.system, newId("evt")]
    const add = (id: string): Promise<boolean> =>
      table.addAlert(db, { id, projectId: null, type: "test", occasion: id, data: {}, keepUntil: null }, [name], 2)
    for (let count = 0; count < 4; count += 1) await add(newId("evt"))
    expect(await table.takeDue(db, name, 10, 1_000)).toHaveLength(2)
  })
})
