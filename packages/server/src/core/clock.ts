// The only place that reads the time: a wall clock for what is stored, a monotonic one for what is measured.

/** Times in milliseconds. `now` is the wall clock since the epoch, `monotonic` never goes back. */
export interface Clock {
  now(): number
  monotonic(): number
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
}
