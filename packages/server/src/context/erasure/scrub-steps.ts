// The steps of an erasure that take time in the database: files and log are cleaned, then searched. Each tells how far it is.
import type { Clock, JsonValue, Limits } from "../../core/index.ts"
import type { RunContext } from "../../runs/index.ts"
import type { OnScrubProgress, Scrubbed } from "../../store/index.ts"
import type { TableDependencies, TablePass } from "./tables.ts"
import type { Verification } from "./types.ts"
import { verify } from "./verify.ts"

export interface ScrubDependencies extends TableDependencies {
  clock: Clock
  limits: Pick<Limits, "erasureRewriteBytesMax" | "erasureLogBytesMax" | "erasureReadBytesMax" | "erasureWaitMsMax">
}

const progressEveryMs = 1_000

export async function scrubStep(
  { store, limits, clock }: ScrubDependencies,
  context: RunContext,
  key: string,
  tables?: readonly string[],
): Promise<Scrubbed> {
  const options = {
    rewriteBytesMax: limits.erasureRewriteBytesMax,
    logBytesMax: limits.erasureLogBytesMax,
    waitMs: limits.erasureWaitMsMax,
    ...(tables === undefined ? {} : { tables }),
  }
  const scrubbed = await context.step(
    key,
    async ({ signal }) =>
      (await store.scrubber.scrub({ ...options, signal, onProgress: progressOf(context, clock) })) as unknown as JsonValue, // plain values
    { effect: "idempotent", retries: 2 },
  )
  return scrubbed as unknown as Scrubbed
}

export async function verifyStep(
  dependencies: ScrubDependencies,
  context: RunContext,
  key: string,
  { pass, scrubbed }: { pass: () => Promise<Omit<TablePass, "apply" | "isPlan">>; scrubbed: Scrubbed },
): Promise<Verification> {
  const { limits, clock } = dependencies
  const verified = await context.step(
    key,
    async ({ signal }) => {
      const options = { readBytesMax: limits.erasureReadBytesMax, signal, onProgress: progressOf(context, clock) }
      return (await verify(dependencies, await pass(), scrubbed, options)) as unknown as JsonValue // plain values
    },
    { effect: "read" },
  )
  return verified as unknown as Verification
}

/** Only from inside a step: what a run does again when it is continued is not told again. */
function progressOf({ emit, signal }: Pick<RunContext, "emit" | "signal">, clock: Clock): OnScrubProgress {
  let told = ""
  let toldAt = Number.NEGATIVE_INFINITY
  return (stage, done, total) => {
    const now = clock.monotonic()
    if ((stage === told && now - toldAt < progressEveryMs) || signal.aborted) return
    told = stage
    toldAt = now
    emit("erasure.progress", { stage, done, total }).committed.catch(() => undefined) // whoever holds the run now tells it
  }
}
