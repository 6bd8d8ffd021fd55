// What is done to the frames of one direction of a session, one after another: while one is waited for, its sender is not read.
import type { PeerSocket } from "../sockets/index.ts"
import type { MaybeLater } from "../light/text-channels.ts"

export interface Step<T> {
  readonly work: () => MaybeLater<T>
  readonly done: (result: T) => void
  readonly failed: (error: unknown) => void
}

export class InOrder {
  readonly #sender: Pick<PeerSocket, "pause" | "resume">
  readonly #over: AbortSignal
  #waiting: Promise<void> | undefined

  constructor(sender: Pick<PeerSocket, "pause" | "resume">, over: AbortSignal) {
    this.#sender = sender
    this.#over = over
  }

  /** At once where nothing is waited for. Nothing is done any more once the session is over. */
  run<T>({ work, done, failed }: Step<T>): void {
    let result: MaybeLater<T>
    try {
      result = this.#waiting ? this.#waiting.then(work) : work()
      if (!(result instanceof Promise)) return done(result)
    } catch (error) {
      return failed(error)
    }
    this.#sender.pause()
    const waiting = this.#after(result, { done, failed })
    this.#waiting = waiting
    void waiting.finally(() => {
      if (this.#waiting !== waiting) return
      this.#waiting = undefined
      this.#sender.resume()
    })
  }

  async #after<T>(result: Promise<T>, { done, failed }: Omit<Step<T>, "work">): Promise<void> {
    try {
      const each = await result
      if (!this.#over.aborted) done(each)
    } catch (error) {
      if (!this.#over.aborted) failed(error)
    }
  }
}
