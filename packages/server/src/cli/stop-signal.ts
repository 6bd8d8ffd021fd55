// Waits for the signal to stop; a second one, given on purpose, ends the process at once.

/** Several copies of one Ctrl-C reach the process (the terminal, npm, the task runner): within this time they count as one. */
const sameSignalMs = 1_000

/** A terminal that is closed says SIGHUP; without one it is how an operator asks for the configuration to be loaded again. */
export function hasTerminal(): boolean {
  return [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)
}

/** Resolves with the name of the first SIGTERM or SIGINT, or of SIGHUP where that means the end. `onSecond` is called for a later one. */
export function stopSignal(onSecond: () => void, hangUpStops: boolean): Promise<string> {
  const names = ["SIGTERM", "SIGINT", ...(hangUpStops ? (["SIGHUP"] as const) : [])] as const
  return new Promise((resolve) => {
    let firstAt: number | undefined
    for (const name of names) {
      process.on(name, () => {
        if (firstAt === undefined) {
          firstAt = performance.now()
          resolve(name)
        } else if (performance.now() - firstAt > sameSignalMs) onSecond()
      })
    }
  })
}
