// V8 for a server: nearly all that it allocates dies young, and what V8 does beside it waits for the thread that answers.
import { readdirSync, readFileSync } from "node:fs"
import { getPriority, setPriority } from "node:os"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { collectYoungBy } from "../core/index.ts"

/** By then the code that is hot is compiled, and answers gain more from that than they lose by waiting for it. */
const compiledMs = 30_000

/** What must be set before a process begins is in the launcher. */
export function setUpV8(answersFirstAfterMs = compiledMs): void {
  collectCheaply()
  collectYoungBuffers()
  setTimeout(answeringGoesFirst, answersFirstAfterMs).unref()
}

/**
 * Little survives a young collection, and waking threads for it costs more than they save; on a core that is shared, answers wait for them.
 *
 * After a time of long streams V8 makes objects of the same kinds old from the beginning. Each keeps all that its call is made of until
 * the next collection of the whole heap: 10 KB of each call of 1 KB, copied one by one, a third of what such a call costs.
 */
function collectCheaply(): void {
  setFlagsFromString("--no-parallel-scavenge")
  setFlagsFromString("--no-allocation-site-pretenuring")
}

/**
 * V8 goes through its whole heap for each 64 MB of buffers, though nearly all of them are dead by then: 50 MB of code and tables after every
 * three hundred bodies of 200 KB, which was half of their cost. A collection of what is young, a millisecond, frees them before.
 */
function collectYoungBuffers(): void {
  setFlagsFromString("--expose-gc")
  const gc = runInNewContext("gc") as (options: { type: "minor" }) => void // what the flag gives a new context
  setFlagsFromString("--no-expose-gc")
  collectYoungBy(() => gc({ type: "minor" }))
}

/**
 * Four threads of V8's compile, and mark what lives when the whole heap is collected. Where they share one core with the thread that
 * answers, it had a fifth of that for a tenth of a second each time. On Linux a priority is one thread's alone.
 */
function answeringGoesFirst(): void {
  if (process.platform !== "linux") return
  try {
    const behind = Math.min(19, getPriority() + 5)
    for (const thread of readdirSync("/proc/self/task")) {
      if (readFileSync(`/proc/self/task/${thread}/comm`, "utf8").startsWith("V8Worker")) setPriority(Number(thread), behind)
    }
  } catch {
    // Not allowed here: they go on as they are.
  }
}
