// What each project declared over the API, in this process's memory: a notification names the project that changed, a poll finds what was lost.
import type { Limits } from "../../core/index.ts"
import { prompts, type Queryable, type Store } from "../../store/index.ts"

/** Sent by a trigger of the tables, with the project's id. */
const channel = "perdure_prompts"

export interface ProjectFactsOptions<T> {
  store: Store
  limits: Pick<Limits, "promptPollMs">
  load: (db: Queryable, projectId: string) => Promise<T>
  onError: (what: string, error: unknown) => void
}

export class ProjectFacts<T> implements AsyncDisposable {
  readonly #options: ProjectFactsOptions<T>
  readonly #held = new Map<string, { version: number; facts: T }>()
  /** The reading of a project that goes on, and whether it has to be read once more. */
  readonly #reading = new Map<string, { done: Promise<void>; again: boolean }>()
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #stopListening: (() => Promise<void>) | undefined
  #isClosed = false
  #isFailing = false

  constructor(options: ProjectFactsOptions<T>) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { store, limits } = this.#options
    this.#stopListening = await store.listen(channel, (projectId) => this.#run(() => this.refresh(projectId)))
    await this.#poll()
    // The embedded database has one opener, which is told of its own changes.
    if (store.engine === "postgres") this.#timer = setInterval(() => this.#run(() => this.#poll()), limits.promptPollMs).unref()
  }

  get(projectId: string): T | undefined {
    return this.#held.get(projectId)?.facts
  }

  all(): T[] {
    return [...this.#held.values()].map(({ facts }) => facts)
  }

  /** Resolves when what was committed before is in memory. */
  async refresh(projectId: string): Promise<void> {
    if (this.#isClosed) return
    const current = this.#reading.get(projectId)
    if (current) {
      current.again = true
      return current.done
    }
    const reading = { done: Promise.resolve(), again: false }
    this.#reading.set(projectId, reading)
    reading.done = this.#readUntilDone(projectId, reading)
    return reading.done
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#stopListening?.()
    await Promise.all(this.#underWay)
  }

  async #readUntilDone(projectId: string, reading: { again: boolean }): Promise<void> {
    try {
      do {
        reading.again = false
        await this.#read(projectId)
      } while (reading.again && !this.#isClosed)
    } finally {
      this.#reading.delete(projectId)
    }
  }

  async #read(projectId: string): Promise<void> {
    const { store, load } = this.#options
    // The number first: what changes after it is read again by the next poll.
    const [change] = await prompts.changes(store.system, projectId)
    const facts = await load(store.system, projectId)
    this.#held.set(projectId, { version: change?.version ?? 0, facts })
    this.#isFailing = false
  }

  async #poll(): Promise<void> {
    const { store } = this.#options
    for (const { projectId, version } of await prompts.changes(store.system, null))
      if (version !== this.#held.get(projectId)?.version) await this.refresh(projectId)
    this.#isFailing = false
  }

  /** Failures are told once in a row: while the database is away everything stays as it was. */
  #run(work: () => Promise<void>): void {
    if (this.#isClosed) return
    const running = work().catch((error: unknown) => {
      if (!this.#isFailing) this.#options.onError("prompts and experiments", error)
      this.#isFailing = true
    })
    this.#underWay.add(running)
    void running.finally(() => this.#underWay.delete(running))
  }
}
