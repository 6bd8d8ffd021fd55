// How a client gets its response through any number of kills: creates it, follows it, comes back with the last number it saw.
import { setTimeout as pause } from "node:timers/promises"
import { responseOf, type Answered } from "./events.ts"
import type { Host } from "./host.ts"
import { brokenMessage } from "./upstream.ts"
import { givenUpReason } from "./doubts.ts"
import { newTrip, followUpOf, type Trip } from "./trips.ts"
import type { Chance } from "./chance.ts"
import { clientEvents, rawEvents, Refused, sendJson, ToldError, type Request, type Target } from "./wire.ts"

export interface Travel {
  readonly host: Host
  readonly chance: Chance
  readonly trips: Trip[]
  readonly problems: string[]
}

/** The trip, and what follows it. */
export async function travelWithFollowUps(travel: Travel, first: Trip): Promise<void> {
  for (let trip: Trip | undefined = first; trip; trip = await nextOf(travel, trip)) {
    travel.trips.push(trip)
    await goThrough(travel, trip)
  }
}

async function nextOf({ chance, host }: Travel, trip: Trip): Promise<Trip | undefined> {
  if (trip.ended !== "completed" || trip.plan.followUps === 0) return undefined
  const response = await persist(host, { method: "GET", path: `/v1/responses/${trip.id}` })
  const calls = response.output.filter((item) => item.type === "function_call" && item.status === "completed")
  const outputs = calls.map(({ call_id }) => ({ type: "function_call_output", call_id, output: "done" }))
  return newTrip(followUpOf(chance, trip, outputs), trip)
}

/** For what only reads: asks until a server has answered. */
async function persist(host: Host, what: Request): Promise<Answered> {
  for (;;) {
    try {
      return await sendJson<Answered>(await host.up(), what)
    } catch (error) {
      if (error instanceof Refused) throw error
      await pause(50)
    }
  }
}

async function goThrough(travel: Travel, trip: Trip): Promise<void> {
  const { host, problems } = travel
  const what = `${trip.plan.ticket} (${trip.plan.sort}, ${trip.plan.client})`
  while (trip.ended === undefined) {
    const server = await host.up()
    const { life } = host
    try {
      await advance(travel, server, trip)
    } catch (error) {
      // The official client throws what the error event says and reads no further.
      if (error instanceof ToldError) {
        trip.hasLeft = true
        if (!rightErrors.some((right) => error.message.includes(right))) problems.push(`${what} was told: ${error.message}`)
        continue
      }
      // Once the server is being killed its life is over, so whatever breaks in a life that goes on is its fault.
      if (host.life === life) {
        problems.push(`${what} after ${trip.seen.length} events in life ${life}: ${String(error)}`)
        trip.ended = "given up"
      }
      if (trip.id !== "") trip.reconnects += 1
    }
  }
}

const rightErrors = [brokenMessage, givenUpReason]

async function advance(travel: Travel, server: Target, trip: Trip): Promise<void> {
  const { plan } = trip
  if (trip.hasLeft) return poll(server, trip)
  if (trip.id === "" || (plan.key !== undefined && !trip.repeated && travel.host.life > trip.acknowledgedIn))
    return post(travel, server, trip)
  if (plan.sort === "background polled") return poll(server, trip)
  const after = trip.seen.length === 0 ? "" : `&starting_after=${trip.seen.length - 1}`
  await follow(travel, server, trip, { method: "GET", path: `/v1/responses/${trip.id}?stream=true${after}` }, trip.seen.length)
}

/** Creates the response; under a key also again, which must give the same one from its first event on. */
async function post(travel: Travel, server: Target, trip: Trip): Promise<void> {
  const { plan } = trip
  trip.posts += 1
  const headers = plan.key === undefined ? {} : { "idempotency-key": plan.key }
  const request: Request = { method: "POST", path: "/v1/responses", body: plan.body, headers }
  if (plan.body["stream"] === true) {
    trip.repeated = trip.id !== ""
    return follow(travel, server, trip, request, 0)
  }
  const answer = await sendJson<Answered>(server, request)
  if (trip.id !== "" && trip.id !== answer.id) travel.problems.push(`${plan.ticket}: its key gave ${trip.id} and then ${answer.id}`)
  trip.repeated = trip.id !== ""
  trip.id = answer.id
  trip.acknowledgedIn = travel.host.life
  if (plan.body["background"] === false) trip.ended = answer.status
}

async function poll(server: Target, trip: Trip): Promise<void> {
  const { status } = await sendJson<Answered>(server, { method: "GET", path: `/v1/responses/${trip.id}` })
  if (status !== "queued" && status !== "in_progress") trip.ended = status
  else await pause(100)
}

/** Reads from number `next` on; events that the trip has already must come again as they were. */
async function follow(travel: Travel, server: Target, trip: Trip, request: Request, next: number): Promise<void> {
  const { plan, seen } = trip
  const { life } = travel.host
  for await (const text of plan.client === "raw" ? rawEvents(server, request) : clientEvents(server, request)) {
    const event = JSON.parse(text) as { type: string; sequence_number: number }
    if (event.sequence_number !== next)
      travel.problems.push(`${plan.ticket} (${trip.id}): event ${event.sequence_number} where ${next} was due`)
    if (next < seen.length && seen[next] !== text)
      travel.problems.push(`${plan.ticket} (${trip.id}): event ${next} was ${seen[next]} and is ${text}`)
    if (next >= seen.length) seen.push(text)
    next += 1
    const response = responseOf(event)
    if (event.type === "response.created") {
      if (trip.id !== "" && trip.id !== response?.id)
        travel.problems.push(`${plan.ticket}: its key gave ${trip.id} and then ${response?.id}`)
      trip.id = response?.id ?? ""
      if (trip.acknowledgedIn === 0) trip.acknowledgedIn = life
    }
    if (response && terminal.has(event.type)) return void (trip.ended = response.status)
    if (await interfere(server, trip, request)) return
  }
  throw new Error("the stream ended before the response")
}

const terminal: ReadonlySet<string> = new Set(["response.completed", "response.incomplete", "response.failed"])

/** Cancels or leaves when its patience is over. True: the client reads no further. */
async function interfere(server: Target, trip: Trip, { method }: Request): Promise<boolean> {
  const { sort, patience } = trip.plan
  if (trip.seen.length < patience) return false
  if (sort === "left") {
    trip.isAbandoned = method === "POST"
    return (trip.hasLeft = true)
  }
  if (sort !== "cancelled" || trip.cancelAnswer !== undefined) return false
  trip.hasCancelled = true
  trip.cancelAnswer = await sendJson<Answered>(server, { method: "POST", path: `/v1/responses/${trip.id}/cancel` })
  return false
}
