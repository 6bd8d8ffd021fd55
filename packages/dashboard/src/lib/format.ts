// How numbers, times, money and ids are written, everywhere alike.

const number = new Intl.NumberFormat("en-US")
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" })

export function formatCount(value: number): string {
  return number.format(value)
}

/** 812 · 12.4k · 3.1M: for places without room. */
export function formatCompact(value: number): string {
  if (value < 10_000) return number.format(value)
  if (value < 1_000_000) return `${trimmed(value / 1_000)}k`
  return `${trimmed(value / 1_000_000)}M`
}

/** Micro-dollars as dollars with as many digits as tell something; a lower bound is marked. */
export function formatCost(microUsd: number, known = true): string {
  const mark = known ? "" : "≥ "
  if (microUsd === 0) return known ? "$0" : "–"
  const usd = microUsd / 1_000_000
  if (usd >= 1) return `${mark}$${usd.toFixed(2)}`
  return `${mark}$${usd.toFixed(usd >= 0.01 ? 4 : 6)}`
}

export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–"
  if (ms < 10) return `${trimmed(ms)} ms`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} m`
}

export function formatAgo(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000))
  if (seconds < 5) return "just now"
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

export function formatTime(at: number): string {
  return absolute.format(at)
}

/** `run_…b28d41`: ids begin with their time, so neighbours differ at the end. */
export function shortId(id: string): string {
  const prefix = /^[a-z]+_/.exec(id)?.[0] ?? ""
  return id.length <= prefix.length + 12 ? id : `${prefix}…${id.slice(-6)}`
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "")
}

/** `1,200 of 50,000, 3 failed` */
export function progressText({ total, completed, failed }: { total: number; completed: number; failed: number }): string {
  const done = `${formatCount(completed + failed)} of ${formatCount(total)}`
  return failed === 0 ? done : `${done}, ${formatCount(failed)} failed`
}

/** 812 B · 12.4 kB · 3.1 MB */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 1_000_000) return `${trimmed(bytes / 1_000)} kB`
  return bytes < 1_000_000_000 ? `${trimmed(bytes / 1_000_000)} MB` : `${trimmed(bytes / 1_000_000_000)} GB`
}
