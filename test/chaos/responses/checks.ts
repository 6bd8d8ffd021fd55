// What must be true of every response when all is over, whatever its servers went through.
import { isDeepStrictEqual } from "node:util"
import type { WireEvent } from "../../../packages/server/src/agents/index.ts"
import { assertStreamInvariants } from "../../../packages/server/src/testing/response-fixtures.ts"
import type { Witness } from "../witness.ts"
import { eventsOf, givenUpReason, type Doubts } from "./doubts.ts"
import { responseOf, type Answered, type Item, type StoredEvent, type StoredRun } from "./events.ts"
import { rightEnds, type Trip } from "./trips.ts"
import { brokenMessage, inputTokensBase, type Upstream } from "./upstream.ts"
import { rawEvents, sendJson, type Target } from "./wire.ts"

export interface Evidence {
  readonly server: Target
  readonly upstream: Upstream
  readonly witness: Witness
  readonly doubts: Doubts
  /** What the extractive model says to each question when nobody disturbs it. */
  readonly undisturbed: ReadonlyMap<string, string>
}

export interface Outcome {
  readonly trip: Trip
  readonly status: string
  readonly cutItems: number
  readonly modelCalls: number
}

/** All that the server has about one acknowledged response. */
interface Stored {
  readonly trip: Trip
  readonly response: Answered
  readonly texts: readonly string[]
  readonly events: readonly WireEvent[]
  readonly run: StoredRun
  readonly log: readonly StoredEvent[]
}

type Complain = (what: string) => void

export async function checkTrip(evidence: Evidence, trip: Trip, problems: string[]): Promise<Outcome> {
  const complain: Complain = (what) => void problems.push(`${trip.plan.ticket} (${trip.plan.sort}, ${trip.id}): ${what}`)
  const stored = await load(evidence.server, trip)
  checkEnd(evidence, stored, complain)
  checkEvents(stored, complain)
  checkTexts(evidence, stored, complain)
  checkCalls(evidence, stored, complain)
  checkUsage(evidence, stored, complain)
  checkContext(evidence, stored, complain)
  const cutItems = stored.response.output.filter((item) => item.status === "incomplete").length
  const modelCalls = evidence.upstream.calls.filter((call) => call.ticket === trip.plan.ticket).length
  return { trip, status: stored.response.status, cutItems, modelCalls }
}

async function load(server: Target, trip: Trip): Promise<Stored> {
  const runId = trip.id.replace("resp_", "run_")
  const get = <T>(path: string): Promise<T> => sendJson<T>(server, { method: "GET", path })
  const response = await get<Answered>(`/v1/responses/${trip.id}`)
  // Its stream would not end either.
  if (isOpen(response)) throw new Error(`is still ${response.status}`)
  const texts: string[] = []
  for await (const text of rawEvents(server, { method: "GET", path: `/v1/responses/${trip.id}?stream=true` })) texts.push(text)
  const run = await get<StoredRun>(`/v1/runs/${runId}`)
  return { trip, response, texts, events: texts.map((text) => JSON.parse(text) as WireEvent), run, log: await eventsOf(server, runId) }
}

function isOpen({ status }: Answered): boolean {
  return status === "queued" || status === "in_progress"
}

function checkEnd({ doubts }: Evidence, { trip, response, run }: Stored, complain: Complain): void {
  const { status, error, incomplete_details } = response
  if (status !== run.status) complain(`the response is ${status}, its run ${run.status}`)
  const told = trip.cancelAnswer
  if (told && !isOpen(told) && !isDeepStrictEqual(told, response))
    complain(`its cancellation was answered with ${JSON.stringify(told)}, and it is ${JSON.stringify(response)}`)
  if (trip.ended !== status) complain(`its client saw ${trip.ended}, it is ${status}`)
  const givenUp = [...doubts.decisions].some(([key, { decision }]) => key.startsWith(`${run.id} `) && decision === "fail")
  if (givenUp && status === "failed" && error?.message.includes(givenUpReason)) return
  if (!rightEnds(trip).includes(status)) complain(`ended ${status}: ${JSON.stringify(error ?? incomplete_details)}`)
  if (status === "failed" && !error?.message.includes(brokenMessage)) complain(`failed with ${JSON.stringify(error)}`)
  if (status === "incomplete" && incomplete_details?.reason !== "max_output_tokens")
    complain(`incomplete by ${JSON.stringify(incomplete_details)}`)
}

/** What the client saw before and between the kills is what anybody reads now, to the byte; and it is a right stream. */
function checkEvents({ trip, texts, events, response }: Stored, complain: Complain): void {
  for (const [number, seen] of trip.seen.entries())
    if (texts[number] !== seen) complain(`event ${number} was ${seen} and is ${texts[number]}`)
  const streamed = trip.plan.body["stream"] === true && !trip.hasLeft
  if (streamed && trip.seen.length !== texts.length) complain(`its client saw ${trip.seen.length} events of ${texts.length}`)
  try {
    assertStreamInvariants(events)
  } catch (error) {
    complain(`wrong stream: ${error instanceof Error ? error.message : String(error)}`)
  }
  const last = events.at(-1)
  if (!isDeepStrictEqual(last && responseOf(last), response)) complain("its last event and the response are not the same")
}

/** Each item is the words of one model call from its first on, no call is in two items, and a completed answer is whole. */
function checkTexts({ upstream, undisturbed }: Evidence, { trip, response }: Stored, complain: Complain): void {
  const messages = response.output.filter((item) => item.type === "message")
  const textOf = (item: Item): string => (item.content ?? []).map((part) => part.text).join("")
  if (trip.plan.sort === "file search") {
    const whole = undisturbed.get(trip.plan.question) ?? ""
    const last = messages.at(-1)
    if (response.status === "completed" && (!last || textOf(last) !== whole))
      complain(`answered "${last && textOf(last)}" instead of "${whole}"`)
    for (const item of messages) if (!whole.startsWith(textOf(item))) complain(`"${textOf(item)}" is no beginning of "${whole}"`)
    return
  }
  const used = new Set<number>()
  for (const item of messages) {
    const text = textOf(item)
    const serial = Number(/^c(\d+)w0 /.exec(text)?.[1] ?? Number.NaN)
    const call = upstream.calls[serial]
    if (text === "" && item.status === "incomplete") continue
    if (!call || call.ticket !== trip.plan.ticket || !call.text.startsWith(text))
      complain(`item ${item.id} says what no call said: "${text}"`)
    if (used.has(serial)) complain(`call ${serial} is in two items`)
    used.add(serial)
    if (item.status === "completed" && text !== call?.text) complain(`item ${item.id} is completed with "${text}"`)
  }
  const wholeEnd = response.status === "completed" && trip.plan.sort !== "functions"
  if (wholeEnd && messages.filter((item) => item.status === "completed").length !== 1) complain("has not exactly one whole answer")
}

function checkCalls({ upstream }: Evidence, { trip, response }: Stored, complain: Complain): void {
  const known = new Set(upstream.calls.filter((call) => call.ticket === trip.plan.ticket).flatMap((call) => call.callIds))
  const functions = response.output.filter((item) => item.type === "function_call" && item.status === "completed")
  for (const { call_id = "" } of functions) if (!known.has(call_id)) complain(`the call ${call_id} was not made by its model`)
  if (new Set(functions.map((item) => item.name)).size !== functions.length) complain("a finished function call was made again")
  if (trip.plan.sort === "functions" && response.status === "completed" && functions.length === 0) complain("lost its function calls")
  const notified = response.output.filter((item) => item.type === "mcp_call" && item.status === "completed")
  for (const item of notified) {
    const { call = "" } = JSON.parse(item.arguments ?? "{}") as { call?: string }
    if (!known.has(call)) complain(`the tool was called as ${call}, which its model did not ask for`)
    if (item.output !== JSON.stringify({ told: call })) complain(`the tool gave ${item.output} for ${call}`)
  }
  if (trip.plan.sort === "once tool" && response.status === "completed") {
    const failed = response.output.filter((item) => item.type === "mcp_call" && item.status !== "completed")
    if (notified.length === 0 || failed.length > 0) complain(`${notified.length} tool calls completed, ${JSON.stringify(failed)}`)
  }
}

/** The bill has each model call at most once, is the sum of its entries, and holds at least what the response says. */
function checkUsage({ upstream }: Evidence, { trip, response, run, log }: Stored, complain: Complain): void {
  const entries = log
    .filter((event) => event.type === "usage.recorded")
    .map(({ data }) => data as Readonly<Record<string, number | boolean>>)
  const sum = (name: string): number => entries.reduce((total, entry) => total + Number(entry[name]), 0)
  if (sum("inputTokens") !== run.usage.inputTokens || sum("outputTokens") !== run.usage.outputTokens)
    complain(`its usage ${JSON.stringify(run.usage)} is not the sum of its entries ${JSON.stringify(entries)}`)
  const { usage, status } = response
  if (status === "completed" || status === "incomplete") {
    if (!usage || usage.output_tokens === 0) complain(`no usage: ${JSON.stringify(usage)}`)
    else if (run.usage.outputTokens < usage.output_tokens || run.usage.inputTokens < usage.input_tokens)
      complain(`its run has less usage than it: ${JSON.stringify(run.usage)} and ${JSON.stringify(usage)}`)
  }
  if (trip.plan.sort === "file search") return
  const serials = entries.filter((entry) => entry["estimated"] !== true).map((entry) => Number(entry["inputTokens"]) - inputTokensBase)
  if (new Set(serials).size !== serials.length) complain(`a model call is billed twice: ${serials.join(", ")}`)
  for (const serial of serials)
    if (upstream.calls[serial]?.ticket !== trip.plan.ticket) complain(`is billed for call ${serial} of somebody else`)
}

/** A response that continues another was made with the words of that one. */
function checkContext({ upstream }: Evidence, { trip }: Stored, complain: Complain): void {
  const before: string[] = []
  for (let each = trip.previous; each; each = each.previous) if (each.plan.sort !== "file search") before.unshift(each.plan.ticket)
  const expected = [...before, trip.plan.ticket].join(" ")
  for (const call of upstream.calls)
    if (call.ticket === trip.plan.ticket && call.context.join(" ") !== expected)
      complain(`a call of it knew of ${call.context.join(" ")}, not ${expected}`)
}

/** The outside world was told at most once for each call, under the key of its step. */
export function checkEffects({ witness }: Evidence, problems: string[]): void {
  const counts = new Map<string, number>()
  const keys = new Map<string, string>()
  for (const { run, key, idempotencyKey } of witness.effects) {
    counts.set(`${run} ${key}`, (counts.get(`${run} ${key}`) ?? 0) + 1)
    const other = keys.get(idempotencyKey)
    if (other !== undefined) problems.push(`the step ${idempotencyKey} told the witness ${other} and then ${key}`)
    keys.set(idempotencyKey, key)
  }
  for (const [call, count] of counts) if (count !== 1) problems.push(`the tool call ${call} happened ${count} times`)
  problems.push(...witness.problems)
}

/** Requests under one key made one run; others no more runs than requests were sent. */
export async function checkRuns({ server }: Evidence, trips: readonly Trip[], problems: string[]): Promise<void> {
  const counts = new Map<string, number>()
  for (let before = ""; ;) {
    const path = `/v1/runs?kind=response&limit=100${before === "" ? "" : `&before=${before}`}`
    const page = await sendJson<{ runs: StoredRun[]; next: string | null }>(server, { method: "GET", path })
    for (const { id } of page.runs) {
      const { metadata } = await sendJson<StoredRun>(server, { method: "GET", path: `/v1/runs/${id}` })
      if (metadata.ticket !== undefined) counts.set(metadata.ticket, (counts.get(metadata.ticket) ?? 0) + 1)
    }
    if (page.next === null) break
    before = page.next
  }
  for (const { plan, posts } of trips) {
    const [count, max] = [counts.get(plan.ticket) ?? 0, plan.key === undefined ? posts : 1]
    if (count > max) problems.push(`${plan.ticket} (${plan.sort}) has ${count} runs, not more than ${max} were asked for`)
  }
}
