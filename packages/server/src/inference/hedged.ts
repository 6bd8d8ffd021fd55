// One attempt, and a second one beside it where the model declares it and no first token comes: the faster answers, the slower is given up and billed.
import { AppError } from "../core/index.ts"
import type { OpenAttempt } from "./call-attempt.ts"
import type { Plan } from "./pool/types.ts"
import type { Deployment, ModelEvent } from "./types.ts"

type First = IteratorResult<ModelEvent, void>

/** `current` says whose events they are. */
export async function* hedged(
  plan: Plan,
  current: { deployment: Deployment },
  open: (deployment: Deployment) => OpenAttempt,
): AsyncGenerator<ModelEvent> {
  const attempt = open(current.deployment)
  if (plan.hedgeAfterMs === undefined) yield* attempt.events
  else yield* raced(plan, current, attempt, { open, afterMs: plan.hedgeAfterMs })
}

async function* raced(
  plan: Plan,
  current: { deployment: Deployment },
  attempt: OpenAttempt,
  { open, afterMs }: { open: (deployment: Deployment) => OpenAttempt; afterMs: number },
): AsyncGenerator<ModelEvent> {
  const first = attempt.events.next()
  const second = (await isSlow(first, afterMs)) ? plan.hedge() : undefined
  if (!second) {
    yield* rest(attempt, await first)
    return
  }
  const other = open(second)
  const [winner, result, loser] = await faster([attempt, first], [other, other.events.next()])
  current.deployment = winner.deployment
  giveUp(loser)
  yield* billed(rest(winner, result), loser)
}

/** Stops whichever is under way when the reader leaves. */
async function* rest(attempt: OpenAttempt, first: First): AsyncGenerator<ModelEvent> {
  try {
    if (first.done === true) return
    yield first.value
    yield* attempt.events
  } finally {
    await attempt.events.return(undefined)
  }
}

async function isSlow(first: Promise<First>, afterMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const slow = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), afterMs)
  })
  const came = first.then(
    () => false,
    () => false, // whoever awaits it sees the failure
  )
  const isSlower = await Promise.race([slow, came])
  clearTimeout(timer)
  return isSlower
}

type Racer = readonly [OpenAttempt, Promise<First>]

/** The one whose first event comes first; a failure decides nothing while the other may still answer. */
async function faster(one: Racer, two: Racer): Promise<[OpenAttempt, First, OpenAttempt]> {
  const run = async ([attempt, first]: Racer, [other]: Racer): Promise<[OpenAttempt, First, OpenAttempt]> => [attempt, await first, other]
  try {
    return await Promise.any([run(one, two), run(two, one)])
  } catch {
    await one[1] // both failed: the first one's failure is told
    throw new AppError("server_error", "a failed attempt did not fail")
  }
}

function giveUp(loser: OpenAttempt): void {
  loser.stop(new AppError("cancelled", "another attempt was faster"))
  void loser.events.return(undefined).catch(() => undefined) // it may have failed, which concerns nobody now
}

/** Its provider bills what it read, and perhaps wrote, before it was given up. */
async function* billed(events: AsyncIterable<ModelEvent>, loser: OpenAttempt): AsyncGenerator<ModelEvent> {
  for await (const event of events) {
    const usage = event.type === "finished" ? loser.used() : undefined
    if (event.type === "finished" && usage) yield { ...event, alsoUsed: [{ deployment: loser.deployment, usage }] }
    else yield event
  }
}
