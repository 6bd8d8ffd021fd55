// The figures of all rounds, and the one of each that counts.
import type { Figure, Figures } from "./scenarios.ts"
import type { TargetName } from "./targets/target.ts"

const moreIsBetter: ReadonlySet<Figure> = new Set<Figure>(["perSecond", "chunksPerSecond", "chunksInTimePerSecond"])
/** Of what must not happen the worst round counts. */
const worstCounts: ReadonlySet<Figure> = new Set<Figure>(["wrong", "othersCores"])

/** What disturbs a measurement only ever makes it worse, so the best round of each figure counts. */
export class Results {
  readonly #best = new Map<string, Figures>()

  add(target: TargetName, scenario: string, figures: Figures): void {
    const key = `${target}/${scenario}`
    const known = this.#best.get(key) ?? {}
    this.#best.set(key, known)
    for (const [name, value] of Object.entries(figures) as [Figure, number][]) {
      const best = known[name] ?? value
      known[name] = moreIsBetter.has(name) || worstCounts.has(name) ? Math.max(best, value) : Math.min(best, value)
    }
  }

  of(target: TargetName, scenario: string, figure: Figure): number | undefined {
    return this.#best.get(`${target}/${scenario}`)?.[figure]
  }

  /** What was measured with a target, by scenario. */
  all(target: TargetName): [scenario: string, figures: Figures][] {
    return [...this.#best].flatMap(([key, figures]) => (key.startsWith(`${target}/`) ? [[key.slice(target.length + 1), figures]] : []))
  }
}
