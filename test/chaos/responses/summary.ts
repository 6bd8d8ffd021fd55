// The table at the end: what was tried, so that a green run that did nothing shows.
import type { Evidence, Outcome } from "./checks.ts"
import type { Travel } from "./travel.ts"
import { sorts } from "./trips.ts"

export interface Summary {
  readonly seed: number
  readonly travel: Travel
  readonly evidence: Evidence
  readonly outcomes: readonly Outcome[]
}

export function summary({ seed, travel, evidence, outcomes }: Summary): string {
  const { host, trips } = travel
  const starts = host.startsMs.toSorted((a, b) => a - b)
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const lines = sorts.flatMap((sort) => {
    const of = outcomes.filter(({ trip }) => trip.plan.sort === sort)
    const by = Map.groupBy(of, ({ status }) => status)
    return `  ${sort.padEnd(22)}${[...by].map(([status, all]) => `${all.length} ${status}`).join(", ") || "none"}`
  })
  const decisions = Map.groupBy(evidence.doubts.decisions.values(), ({ decision }) => decision)
  return `${[
    `CHAOS_SEED=${seed}: ${host.kills} kills, ${host.startsMs.length} starts (median ${ms(starts[starts.length >> 1])}, slowest ${ms(starts.at(-1))})`,
    ...lines,
    `  responses             ${outcomes.length} acknowledged, ${sum(({ trip }) => trip.posts)} requests for them, ${trips.filter((trip) => trip.previous).length} continue another`,
    `  keys                  ${trips.filter((trip) => trip.repeated).length} sent again after a kill`,
    `  readers               ${sum(({ trip }) => trip.reconnects)} reconnects, ${sum(({ trip }) => trip.seen.length)} events read`,
    `  model calls           ${evidence.upstream.calls.length}, ${sum((outcome) => outcome.cutItems)} items cut`,
    `  tool effects          ${evidence.witness.effects.length}`,
    `  in doubt              ${evidence.doubts.decisions.size}: ${[...decisions].map(([name, all]) => `${all.length} ${name}`).join(", ")}`,
  ].join("\n")}\n`
}

function ms(value: number | undefined): string {
  return `${Math.round(value ?? 0)} ms`
}
