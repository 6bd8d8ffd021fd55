// What a ranking is worth: recall and nDCG with binary gain, their means over questions, printed as one line of a table.

export interface Judged {
  /** Ids, best first. */
  ranking: readonly string[]
  relevant: ReadonlySet<string>
}

export function recallAt(k: number, { ranking, relevant }: Judged): number {
  return ranking.slice(0, k).filter((id) => relevant.has(id)).length / relevant.size
}

export function ndcgAt(k: number, { ranking, relevant }: Judged): number {
  const best = gain(Array.from({ length: Math.min(relevant.size, k) }, () => true))
  return gain(ranking.slice(0, k).map((id) => relevant.has(id))) / best
}

function gain(hits: readonly boolean[]): number {
  return hits.reduce((total, hit, place) => total + (hit ? 1 / Math.log2(place + 2) : 0), 0)
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)
}

export function tableHead(more: readonly string[] = []): string {
  const cells = ["arm", "R@5", "R@10", "R@20", "R@50", "nDCG@10", ...more]
  return `| ${cells.join(" | ")} |\n|---|${"---:|".repeat(cells.length - 1)}`
}

export function tableLine(name: string, judged: readonly Judged[], ...more: string[]): string {
  const figures = [5, 10, 20, 50].map((k) => mean(judged.map((each) => recallAt(k, each))))
  const cells = [...figures, mean(judged.map((each) => ndcgAt(10, each)))].map((value) => value.toFixed(3))
  return `| ${[name, ...cells, ...more].join(" | ")} |`
}
