// The cool-down of one deployment: how long its provider asked to be left alone, and the few calls that find out whether that still holds.
//
//   none ─ a 429 with `retry-after` ─→ cooling ─ its time is over, or a probe is answered ─→ none
//                                        └ nothing else is left, the interval is over ─→ one probe ─ told to wait ─→ cooling, by its newest word
//
// Intervals between probes double. What a provider says of its limits is often too much (a window that slid on, a quota that was raised),
// and where no other deployment is there it would refuse everybody for minutes.
import type { Limits } from "../../core/index.ts"

export type CoolDownLimits = Pick<Limits, "coolDownMsMax" | "coolDownProbeMs" | "coolDownProbeMsMax">

/** Intervals are spread by this share, so that processes do not probe together. */
const jitter = 0.2

export class CoolDown {
  until = 0
  readonly #limits: CoolDownLimits
  readonly #rng: () => number
  #probes = 0
  #probeAt = 0
  #probing = false

  constructor(limits: CoolDownLimits, rng: () => number) {
    this.#limits = limits
    this.#rng = rng
  }

  leftMs(now: number): number {
    return Math.max(0, this.until - now)
  }

  allowsProbe(now: number): boolean {
    return now < this.until && now >= this.#probeAt && !this.#probing
  }

  /** Until its end or the next probe; what a probe under way will find out is not known yet. */
  nextProbeMs(now: number): number {
    return Math.min(this.leftMs(now), Math.max(0, this.#probeAt - now))
  }

  /** The provider asks to wait. A probe's word is newer than what was said before, others only make it longer. */
  told(retryAfterMs: number, byProbe: boolean, now: number): void {
    const isNew = now >= this.until
    const until = now + Math.min(retryAfterMs, this.#limits.coolDownMsMax)
    this.until = byProbe ? until : Math.max(this.until, until)
    if (!isNew) return
    this.#probes = 0
    this.#probeAt = now + this.#intervalMs()
  }

  /** Whether the call that begins is a probe; its end must be told. */
  begin(now: number): boolean {
    if (now >= this.until) return false
    this.#probing = true
    this.#probes += 1
    this.#probeAt = now + this.#intervalMs()
    return true
  }

  probeEnded(): void {
    this.#probing = false
  }

  /** A probe was answered. */
  over(): void {
    this.#probing = false
    this.until = 0
  }

  #intervalMs(): number {
    const { coolDownProbeMs, coolDownProbeMsMax } = this.#limits
    const ms = Math.min(coolDownProbeMsMax, coolDownProbeMs * 2 ** Math.min(this.#probes, 16))
    return ms * (1 + jitter * (this.#rng() - 0.5))
  }
}
