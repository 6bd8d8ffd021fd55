// Where a streamed chat chunk has the keys that the gateway looks for, found without parsing it.

const quote = 34
const [letterE, letterF, letterU] = [101, 102, 117]
const errorKey = Buffer.from('"error"')
const finishKey = Buffer.from('"finish_reason"')
const usageKey = Buffer.from('"usage"')
/** Up to here one loop over the bytes costs less than three native searches, which stop at each quote: 0.5 instead of 1.1 µs for 300 bytes. */
const nearBytes = 1_024

export class FrameKeys {
  hasError = false
  /** Indexes after the first of each key, or -1. */
  afterFinish = -1
  afterUsage = -1

  /** Of this frame from now on. */
  find(frame: Buffer): void {
    if (frame.length <= nearBytes) return this.#walk(frame)
    this.hasError = frame.includes(errorKey)
    this.afterFinish = after(frame, finishKey)
    this.afterUsage = after(frame, usageKey)
  }

  #walk(frame: Buffer): void {
    this.hasError = false
    this.afterFinish = -1
    this.afterUsage = -1
    const last = frame.length - 1
    for (let at = 0; at < last; at += 1) {
      if (frame[at] !== quote) continue
      const letter = frame[at + 1]
      if (letter === letterE) this.hasError ||= isAt(frame, at, errorKey)
      else if (letter === letterF && this.afterFinish < 0 && isAt(frame, at, finishKey)) this.afterFinish = at + finishKey.length
      else if (letter === letterU && this.afterUsage < 0 && isAt(frame, at, usageKey)) this.afterUsage = at + usageKey.length
    }
  }
}

function after(frame: Buffer, key: Buffer): number {
  const at = frame.indexOf(key)
  return at < 0 ? -1 : at + key.length
}

function isAt(frame: Buffer, at: number, key: Buffer): boolean {
  for (let index = 0; index < key.length; index += 1) if (frame[at + index] !== key[index]) return false
  return true
}
