// How much memory copies of vectors may take: what the limit says, and on a small machine an eighth of it.
import { totalmem } from "node:os"

const shareMax = 1 / 8

export function cacheBytes(bytesMax: number): number {
  // What a container allows; 0 where it says nothing.
  const allowed = process.constrainedMemory()
  return Math.min(bytesMax, Math.floor(shareMax * (allowed > 0 ? Math.min(allowed, totalmem()) : totalmem())))
}
