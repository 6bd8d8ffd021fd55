// Kills the real server at random moments while clients create and read responses, and checks that nothing acknowledged is lost, repeated or said twice.
import { setTimeout as pause } from "node:timers/promises"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { temporaryDirectory } from "../support/server.ts"
import { between, chanceOf } from "./responses/chance.ts"
import { checkEffects, checkRuns, checkTrip, type Evidence, type Outcome } from "./responses/checks.ts"
import { Doubts } from "./responses/doubts.ts"
import type { StoredRun } from "./responses/events.ts"
import { Host } from "./responses/host.ts"
import { prepareSearch } from "./responses/library.ts"
import { summary } from "./responses/summary.ts"
import { travelWithFollowUps, type Travel } from "./responses/travel.ts"
import { newTrip, planOf } from "./responses/trips.ts"
import { Upstream } from "./responses/upstream.ts"
import { sendJson, type Target } from "./responses/wire.ts"
import { Witness } from "./witness.ts"

const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
const kills = Number(process.env["CHAOS_RESPONSE_KILLS"] ?? 40)
/** Clients at work at any moment. */
const clients = 10
const settleMs = 120_000

describe(`responses under chaos with CHAOS_SEED=${seed} CHAOS_RESPONSE_KILLS=${kills}`, () => {
  const cleanUps = new AsyncDisposableStack()
  afterEach(() => cleanUps.disposeAsync())

  it(`lose, repeat and double nothing over ${kills} kills of the server`, async () => {
    const chance = chanceOf(seed)
    const upstream = new Upstream(chance)
    const provider = cleanUps.use(await startFakeProvider(upstream.answer))
    const witness = cleanUps.adopt(new Witness(), (each) => each.close())
    await witness.listen()
    const directory = cleanUps.use(await temporaryDirectory())
    const env = { CHAOS_PROVIDER_URL: provider.url, CHAOS_WITNESS_URL: witness.url }
    const host = cleanUps.adopt(new Host({ dataDirectory: join(directory.path, "data"), env, chance }), (each) => each.kill())
    await host.start()
    const { storeId, undisturbed } = await prepareSearch(await host.up())

    const travel: Travel = { host, chance, trips: [], problems: [] }
    const doubts = new Doubts(chance, witness)
    const over = new AbortController()
    let number = 0
    const client = async (): Promise<void> => {
      while (!over.signal.aborted) await travelWithFollowUps(travel, newTrip(planOf(chance, number++, storeId)))
    }
    const working = Promise.all(Array.from({ length: clients }, client))
    const settling = new AbortController()
    const deciding = decide(host, doubts, settling.signal)
    await killAgainAndAgain(host, chance)
    over.abort()
    const settled = await Promise.race([working.then(() => true), pause(settleMs, false)])
    settling.abort()
    const server = await host.up()
    const unfinished = settled ? await settle(server, doubts) : await unfinishedRuns(server)
    await deciding
    const stuck = travel.trips
      .filter((trip) => trip.ended === undefined)
      .map((trip) => `${trip.plan.ticket} (${trip.plan.sort}, ${trip.id})`)
    const evidence: Evidence = { server, upstream, witness, doubts, undisturbed }
    const { outcomes, problems } = await conclude(evidence, travel)
    process.stderr.write(summary({ seed, travel, evidence, outcomes }))
    expect({ stuck, unfinished, problems: problems.slice(0, 20) }).toEqual({ stuck: [], unfinished: [], problems: [] })
    expect(host.kills).toBeGreaterThanOrEqual(kills)
  })

  async function killAgainAndAgain(host: Host, chance: ReturnType<typeof chanceOf>): Promise<void> {
    while (host.kills < kills) {
      await pause(between(chance, `life ${host.kills}`, 200, 3_200))
      await host.kill()
      if (host.kills < kills && chance(`die young ${host.kills}`) < 0.2)
        await host.startAndKill(between(chance, `youth ${host.kills}`, 300, 3_000))
      await host.start()
    }
  }

  /** Somebody decides soon about what is in doubt. */
  async function decide(host: Host, doubts: Doubts, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.race([host.up().then((server) => doubts.resolve(server)), pause(1_000)]).catch(() => undefined) // the server died
      await pause(200)
    }
  }

  /** Waits for the runs that no client waits for: those whose creation was never acknowledged. */
  async function settle(server: Target, doubts: Doubts): Promise<StoredRun[]> {
    const until = performance.now() + settleMs
    for (;;) {
      await doubts.resolve(server).catch(() => undefined) // decided in the meantime
      const unfinished = await unfinishedRuns(server)
      if (unfinished.length === 0 || performance.now() > until) return unfinished
      await pause(100)
    }
  }

  async function unfinishedRuns(server: Target): Promise<StoredRun[]> {
    const found: StoredRun[] = []
    for (const status of ["queued", "running", "waiting", "in_doubt", "needs_migration", "poisoned"])
      found.push(
        ...(await sendJson<{ runs: StoredRun[] }>(server, { method: "GET", path: `/v1/runs?kind=response&status=${status}` })).runs,
      )
    return found
  }

  async function conclude(evidence: Evidence, travel: Travel): Promise<{ outcomes: Outcome[]; problems: string[] }> {
    const problems = [...travel.problems, ...travel.host.problems, ...evidence.upstream.problems]
    const outcomes: Outcome[] = []
    for (const trip of travel.trips) {
      if (trip.id === "") continue
      try {
        outcomes.push(await checkTrip(evidence, trip, problems))
      } catch (error) {
        problems.push(`${trip.plan.ticket} (${trip.plan.sort}, ${trip.id}): ${String(error)}`)
      }
    }
    checkEffects(evidence, problems)
    await checkRuns(evidence, travel.trips, problems)
    return { outcomes, problems }
  }
})
