// The colours of variants, in their order.

const tones = ["bg-series-1", "bg-series-2", "bg-series-3", "bg-series-4", "bg-series-5", "bg-series-6"]

export function toneOf(index: number): string {
  return tones[index] ?? "bg-series-rest"
}
