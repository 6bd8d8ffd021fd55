// The two directions of a guarded session: frames go through the guards in order, in either direction one after another.
import type { PeerSocket } from "../sockets/index.ts"
import type { Frame, GuardedSession } from "./guarded.ts"
import { InOrder } from "./in-order.ts"

export interface GuardedWaysOptions {
  readonly guards: GuardedSession
  readonly client: PeerSocket
  readonly provider: PeerSocket
  readonly over: AbortSignal
}

function after(way: InOrder, work: () => void): void {
  way.run({ work: () => undefined, done: work, failed: work })
}

export class GuardedWays {
  readonly #guards: GuardedSession
  readonly #asked: InOrder
  readonly #answered: InOrder

  constructor({ guards, client, provider, over }: GuardedWaysOptions) {
    this.#guards = guards
    this.#asked = new InOrder(client, over)
    this.#answered = new InOrder(provider, over)
  }

  ask(frame: Frame, pass: (checked: Frame) => void, failed: (error: unknown) => void): void {
    this.#asked.run({ work: () => this.#guards.asked(frame), done: pass, failed })
  }

  /** `failed` gets the id of the answer that is over with it. */
  answer(frame: Frame, pass: (frames: readonly Frame[]) => void, failed: (error: unknown, responseId: string | undefined) => void): void {
    this.#answered.run({
      work: () => this.#guards.answered(frame),
      done: pass,
      failed: (error) => failed(error, this.#guards.cut(frame)),
    })
  }

  afterAsked(work: () => void): void {
    after(this.#asked, work)
  }

  afterAnswers(work: () => void): void {
    after(this.#answered, work)
  }
}
