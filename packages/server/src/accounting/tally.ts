// How many calls are under way and how many records wait, in a small file that outlives a killed process, so that the next start can say what was lost.
import { randomUUID } from "node:crypto"
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { Clock } from "../core/index.ts"
import { explainDisk, isDead, makeDirectory, processIdentitySchema, thisProcess } from "../store/index.ts"

/** What a process left behind that did not end by itself: no more than that has no record. */
export interface Unrecorded {
  /** Calls that had begun and not ended. */
  callsUnderWay: number
  /** Records of ended calls that were not known to be written: a batch may have been stored just before the process was killed. */
  recordsWaiting: number
  /** When it was counted last, in epoch milliseconds. */
  countedAt: number
}

export interface Tally extends Disposable {
  /** Both may be called for every call: the file is written at most every few milliseconds. */
  callBegan(): void
  callEnded(): void
  recordsWait(count: number): void
  /** Of processes that died on this directory since the last start. */
  readonly unrecorded: readonly Unrecorded[]
}

export interface TallyOptions {
  directory: string
  /** No other process uses the directory: whoever else left a file there is dead. */
  isOnlyProcess: boolean
  clock: Clock
  onError: (what: string, error: unknown) => void
}

/** A write costs as much as a tenth of a call: what began or ended since the last one is what the count may be wrong by. */
const writeEveryMs = 10
const ending = ".calls.json"

const contentSchema = processIdentitySchema.extend({
  callsUnderWay: z.int().min(0),
  recordsWaiting: z.int().min(0),
  countedAt: z.number(),
})

export function openTally(options: TallyOptions): Tally {
  try {
    makeDirectory(options.directory, { mode: 0o700 })
    const unrecorded = collectDead(options)
    return new FileTally(options, unrecorded)
  } catch (error) {
    throw explainDisk(error, options.directory)
  }
}

class FileTally implements Tally {
  readonly unrecorded: readonly Unrecorded[]
  readonly #options: TallyOptions
  readonly #path: string
  readonly #file: number
  readonly #identity = thisProcess()
  #callsUnderWay = 0
  #recordsWaiting = 0
  #writtenAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #failed = false

  constructor(options: TallyOptions, unrecorded: readonly Unrecorded[]) {
    this.#options = options
    this.unrecorded = unrecorded
    this.#path = join(options.directory, `${randomUUID()}${ending}`)
    this.#file = openSync(this.#path, "wx", 0o600)
    this.#write()
  }

  callBegan(): void {
    this.#callsUnderWay += 1
    this.#changed()
  }

  callEnded(): void {
    this.#callsUnderWay -= 1
    this.#changed()
  }

  recordsWait(count: number): void {
    this.#recordsWaiting = count
    this.#changed()
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    closeSync(this.#file)
    // What is left now was cut by a shutdown that could not wait any longer: the next start says so.
    if (this.#callsUnderWay === 0 && this.#recordsWaiting === 0) rmSync(this.#path, { force: true })
  }

  #changed(): void {
    if (this.#timer !== undefined || this.#isClosed) return
    const waitMs = Math.max(0, this.#writtenAt + writeEveryMs - this.#options.clock.monotonic())
    // Not unref'd: it is due within milliseconds.
    this.#timer = setTimeout(() => this.#write(), waitMs)
  }

  /** One write of one length to one place: a process that is killed leaves the old text or the new one. */
  #write(): void {
    this.#timer = undefined
    if (this.#isClosed) return
    const { clock, onError } = this.#options
    this.#writtenAt = clock.monotonic()
    const counts = { callsUnderWay: this.#callsUnderWay, recordsWaiting: this.#recordsWaiting, countedAt: clock.now() }
    const text = `${JSON.stringify({ ...this.#identity, ...counts }).padEnd(contentBytes - 1)}\n`
    try {
      writeSync(this.#file, text, 0)
    } catch (error) {
      if (!this.#failed) onError("calls under way cannot be counted", error)
      this.#failed = true
    }
  }
}

const contentBytes = 512

/** Reads and removes what dead processes left. */
function collectDead({ directory, isOnlyProcess, clock, onError }: TallyOptions): Unrecorded[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .flatMap((name) => {
      const path = join(directory, name)
      try {
        const { callsUnderWay, recordsWaiting, countedAt, ...identity } = contentSchema.parse(JSON.parse(readFileSync(path, "utf8")))
        if (!isOnlyProcess && !isDead(identity)) return []
        rmSync(path, { force: true })
        return callsUnderWay + recordsWaiting === 0 ? [] : [{ callsUnderWay, recordsWaiting, countedAt }]
      } catch (error) {
        // Another process may be about to write its own.
        if (!isOnlyProcess && clock.now() - statSync(path).mtimeMs < unreadableMs) return []
        onError(`the count of calls in ${name} cannot be read`, error)
        rmSync(path, { force: true })
        return []
      }
    })
}

const unreadableMs = 60_000
