// How far the reading of a file is, in words and as a fraction.
import type { IngestionProgress } from "@perdure/client"
import { formatCount } from "./format.ts"

/** `embedding, 40 of 120`: what is done and how much of it. */
export function stageText({ stage, parts_done: done, parts_total: total }: IngestionProgress): string {
  return done === null || total === null || total === 0 ? stage : `${stage}, ${formatCount(done)} of ${formatCount(total)}`
}

/** 0 to 1; null where it is not known how much there is. */
export function fractionOf({ parts_done: done, parts_total: total }: IngestionProgress): number | null {
  return done === null || total === null || total === 0 ? null : Math.min(1, done / total)
}
