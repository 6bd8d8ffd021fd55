// Drives one engine: on each message {concurrency, ms} keeps that many runs in flight for that time and answers with steps, seconds and CPU.
const stepsPerRun = 5

export function drive(runOnce) {
  process.on("message", async ({ concurrency, ms }) => {
    try {
      let runs = 0
      const cpuBefore = process.cpuUsage()
      const startedAt = performance.now()
      const until = startedAt + ms
      await Promise.all(
        Array.from({ length: concurrency }, async () => {
          while (performance.now() < until) {
            const sum = await runOnce()
            if (sum !== 10) throw new Error(`a run returned ${sum}, not 10`)
            runs += 1
          }
        }),
      )
      const elapsedMs = performance.now() - startedAt
      const cpu = process.cpuUsage(cpuBefore)
      process.send({ steps: runs * stepsPerRun, elapsedMs, cpuMs: (cpu.user + cpu.system) / 1000 })
    } catch (error) {
      process.send({ error: String(error?.stack ?? error) })
    }
  })
  process.send({ ready: true })
}
