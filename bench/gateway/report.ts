// The table: one row per figure, one column per target, the goals with their verdicts; then what went wrong.
import type { Results } from "./results.ts"
import { rows, type Goal, type Row } from "./rows.ts"
import type { TargetName } from "./targets/target.ts"

export interface Report {
  text: string
  isMissed: boolean
}

/** A latency that was added cannot be told from noise below this. */
const addedMsMin = 0.05

const columns: readonly TargetName[] = ["bare proxy", "Portkey", "Perdure"]

export function report(results: Results, duties: readonly DutyLine[]): Report {
  const measured = rows.filter((row) => columns.some((target) => valueOf(results, target, row) !== undefined))
  const lines = measured.map((row) => lineOf(results, row))
  const wrong = columns.flatMap((target) =>
    results.all(target).flatMap(([scenario, { wrong = 0 }]) => (wrong > 0 ? [{ target, scenario, wrong }] : [])),
  )
  const head = ["", ...columns, "× bare", "× Portkey", "goal", "verdict"]
  const missed = [...lines.flatMap(({ missed }) => missed), ...duties.flatMap(({ isMissed, cells }) => (isMissed ? [cells[0] ?? ""] : []))]
  const cells = [...lines.map(({ cells }) => cells), ...duties.map(({ cells }) => cells)]
  const table = [head, head.map(() => "---"), ...cells].map((line) => `| ${line.join(" | ")} |`)
  return {
    text: [
      ...table,
      "",
      ...missed.map((what) => `missed: ${what}`),
      ...wrong.map(({ target, scenario, wrong }) => `wrong: ${wrong} failed calls or incomplete streams of ${target} in ${scenario}`),
      ...(measured.length > 0 ? [noise(results)] : []),
    ].join("\n"),
    isMissed: missed.length > 0 || wrong.some(({ target }) => target === "Perdure"),
  }
}

/** A row about Perdure alone. */
export interface DutyLine {
  cells: readonly string[]
  isMissed: boolean
}

function lineOf(results: Results, row: Row): { cells: string[]; missed: string[] } {
  const ours = valueOf(results, "Perdure", row)
  const ratio = (to: TargetName): number | undefined => divided(ours, valueOf(results, to, row))
  const verdicts = row.goals.map((goal) => ({ goal, ...judge(goal, goal.to === undefined ? ours : ratio(goal.to)) }))
  return {
    cells: [
      row.label,
      ...columns.map((target) => shown(valueOf(results, target, row), row.digits)),
      shown(ratio("bare proxy"), 2),
      shown(ratio("Portkey"), 3),
      row.goals.map(goalText).join(", "),
      verdicts.map(({ verdict }) => verdict).join(", "),
    ],
    missed: verdicts
      .filter(({ verdict }) => verdict === "**missed**")
      .map(({ goal, value }) => `${row.label} is ${shown(value, 2)}, the goal is ${goalText(goal)}`),
  }
}

function judge(
  { atMost = Infinity, atLeast = -Infinity }: Goal,
  value: number | undefined,
): { verdict: string; value: number | undefined } {
  const verdict = value === undefined ? "not measured" : value <= atMost && value >= atLeast ? "ok" : "**missed**"
  return { verdict, value }
}

function goalText({ to, atMost, atLeast }: Goal): string {
  const limit = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
  const short = { "bare proxy": "bare", Portkey: "Portkey", Perdure: "Perdure", direct: "the provider's own" }
  return to === undefined ? limit : `${limit} × ${short[to]}`
}

function valueOf(results: Results, target: TargetName, { scenario, figure, added }: Row): number | undefined {
  const value = results.of(target, scenario, figure)
  if (!added || value === undefined) return value
  const own = results.of("direct", scenario, figure)
  return own === undefined ? undefined : Math.max(addedMsMin, value - own)
}

function divided(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined ? "" : value.toFixed(digits)
}

function noise(results: Results): string {
  const cores = columns.map((target) => {
    const all = results.all(target).map(([, { othersCores = 0 }]) => othersCores)
    return `${target} ${all.length === 0 ? "–" : `${(all.reduce((a, b) => a + b, 0) / all.length).toFixed(2)}/${Math.max(...all).toFixed(2)}`}`
  })
  return `CPU that others on the machine took, in cores, mean/worst scenario: ${cores.join(", ")}`
}
