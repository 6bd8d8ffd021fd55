// How V8 collects garbage in a process that serves.
import { setFlagsFromString } from "node:v8"

/**
 * By default V8 collects the whole heap whenever 32 MB of buffers came, however large the heap: half the CPU of requests of hundreds of
 * kilobytes went there. Counted with the heap's own growth, buffers make it collect as rarely as other garbage does.
 */
export function countBuffersWithTheHeap(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit")
}
