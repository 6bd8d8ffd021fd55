// Waits for the signal to stop; a second one, given on purpose, ends the process at once.

/** Several copies of one Ctrl-C reach the process (the terminal, npm, the task runner): within this time they count as one. */
const sameSignalMs = 1_000

/** Resolves with the name of the first SIGTERM, SIGINT or SIGHUP. `onSecond` is called for a later one. */
export function stopSignal(onSecond: () => void): Promise<string> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(name, () => {
        if (firstAt === undefined) {
          firstAt = performance.now()
          resolve(name)
        } else if (performance.now() - firstAt > sameSignalMs) onSecond()
      })
    }
  })
}
