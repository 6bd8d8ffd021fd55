// Loaded into a server before it starts: writes each collection of its main thread, and what lives longer after it, to the file that COLLECTIONS_LOG names.
const { appendFileSync } = require("node:fs")
const { constants, PerformanceObserver } = require("node:perf_hooks")
const { getHeapSpaceStatistics } = require("node:v8")
const { isMainThread } = require("node:worker_threads")

const file = process.env["COLLECTIONS_LOG"]
if (isMainThread && file !== undefined) {
  const observer = new PerformanceObserver((list) => {
    const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")
    for (const { detail } of list.getEntries()) {
      const young = detail.kind === constants.NODE_PERFORMANCE_GC_MINOR
      appendFileSync(file, `${JSON.stringify({ young, oldBytes: old.space_used_size })}\n`)
    }
  })
  observer.observe({ entryTypes: ["gc"] })
}
