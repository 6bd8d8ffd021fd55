// A client's stream whose frames are changed on their way: in order, with the source paused while one is waited for.
import { ClientStream, type ClientStreamOptions, type Pausable } from "./client-stream.ts"
import type { Frame, FrameFilter } from "./frame-filter.ts"

export interface FilteredStreamOptions extends ClientStreamOptions {
  filter: FrameFilter
  /** The filter refuses what it was given, after a wait; without one it throws out of `write` and `end`. */
  onRefusal: (error: unknown) => void
}

const none: readonly Frame[] = []

export class FilteredStream extends ClientStream {
  readonly #filter: FrameFilter
  readonly #onRefusal: (error: unknown) => void
  #source: Pausable | undefined
  /** Frames that wait, in order. */
  #waiting: Promise<void> | undefined
  /** Frames that only open the answer: while nothing else is let out, a refusal can still be a status. */
  #head: Frame[] = []
  #closing = false
  #refused = false

  constructor({ filter, onRefusal, ...options }: FilteredStreamOptions) {
    super(options)
    this.#filter = filter
    this.#onRefusal = onRefusal
  }

  override get ended(): boolean {
    return super.ended || this.#closing
  }

  override feedFrom(source: Pausable | undefined): void {
    this.#source = source
    super.feedFrom(source)
    if (this.#waiting) source?.pause()
  }

  override sendHead(): void {
    super.sendHead()
    this.#release()
  }

  override write(frame: Frame): void {
    if (this.ended || this.#refused) return
    this.#run(
      () => this.#filter.take(frame),
      (frames) => {
        if (this.#filter.letOut || this.headSent) {
          this.#release()
          this.#send(frames)
        } else this.#head.push(...frames)
      },
    )
  }

  override end(lastFrame: string, onEnded: () => void): void {
    if (this.ended || this.#refused) return
    this.#closing = true
    this.#run(
      () => this.#filter.end(),
      (frames) => {
        this.#release()
        this.#send(frames)
        super.end(lastFrame, onEnded)
      },
    )
  }

  /** After what was held back and may go out: it was paid. A filter that refused is asked for no more. */
  override fail(lastFrame: string, onEnded: () => void): void {
    if (this.ended || this.#refused) return super.fail(lastFrame, onEnded)
    this.#closing = true
    const finish = (frames: readonly Frame[]): void => {
      this.#release()
      this.#send(frames)
      super.fail(lastFrame, onEnded)
    }
    const held = this.#heldOfCut()
    // What the filter refuses now is not sent, and the error is told all the same.
    if (held instanceof Promise) void held.catch(() => none).then(finish)
    else finish(held)
  }

  #heldOfCut(): readonly Frame[] | Promise<readonly Frame[]> {
    const rest = (): readonly Frame[] | Promise<readonly Frame[]> => (this.#refused ? none : this.#filter.end(true))
    if (this.#waiting) return this.#waiting.then(rest)
    try {
      return rest()
    } catch {
      return none // refused
    }
  }

  #release(): void {
    const head = this.#head
    this.#head = []
    this.#send(head)
  }

  #send(frames: readonly Frame[]): void {
    if (frames.length > 1) this.join()
    for (const frame of frames) super.write(frame)
  }

  #run(work: () => readonly Frame[] | Promise<readonly Frame[]>, then: (frames: readonly Frame[]) => void): void {
    if (this.#waiting) return this.#wait(this.#waiting.then(work), then)
    const frames = this.#refusing(work)
    if (frames instanceof Promise) this.#wait(frames, then)
    else then(frames)
  }

  #refusing<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.#refused = true
      throw error
    }
  }

  #wait(frames: Promise<readonly Frame[]>, then: (frames: readonly Frame[]) => void): void {
    this.#source?.pause()
    const waiting: Promise<void> = frames
      .then((all) => {
        if (!super.ended && !this.#refused) then(all)
      })
      .catch((error: unknown) => {
        if (super.ended || this.#refused) return
        this.#refused = true
        this.#onRefusal(error)
      })
      .finally(() => {
        if (this.#waiting !== waiting) return
        this.#waiting = undefined
        if (!this.full) this.#source?.resume()
      })
    this.#waiting = waiting
  }
}
