// This process among the executors: its id, and the lease that it keeps by heartbeats.
//
// PGlite has one process, which holds the directory's lock: it needs no lease, and whoever is registered from before is dead.
import { randomUUID } from "node:crypto"
import type { Clock, Limits } from "../core/index.ts"
import { executors, type Store } from "../store/index.ts"

export interface MembershipOptions {
  store: Store
  clock: Clock
  limits: Limits
  role: "all" | "executor" | "gateway"
  /** Whatever is executed here may be executed elsewhere too now. */
  onLost: (reason: string) => void
  onCancelled: (runId: string, reason: string) => void
  /** There is a lease again, of another id. */
  onRegisteredAnew: () => void
}

export class Membership {
  readonly #options: MembershipOptions
  readonly distributed: boolean
  #id = randomUUID() as string
  #leaseMs: number
  #aliveAt: number
  #clockOffsetMs = 0
  #peers = 0

  constructor(options: MembershipOptions) {
    this.#options = options
    this.distributed = options.store.engine === "postgres"
    this.#leaseMs = options.limits.leaseMs
    this.#aliveAt = options.clock.monotonic()
  }

  get id(): string {
    return this.#id
  }

  get leaseMs(): number {
    return this.#leaseMs
  }

  /** How many others are alive, by the last heartbeat. */
  get peers(): number {
    return this.#peers
  }

  databaseNow(): number {
    return this.#options.clock.now() + this.#clockOffsetMs
  }

  /** Whether less than this part of the lease has passed. */
  isFresh(part: number): boolean {
    return !this.distributed || this.#options.clock.monotonic() - this.#aliveAt < this.#leaseMs * part
  }

  async register(): Promise<void> {
    const { store, limits, role } = this.#options
    const capacity = role === "gateway" ? 0 : limits.runsInFlightMax
    await executors.register(store.system, this.#id, Math.round(this.#leaseMs), role, capacity)
    this.#aliveAt = this.#options.clock.monotonic()
  }

  async unregister(): Promise<void> {
    const { system } = this.#options.store
    await executors.unregister(system, this.#id)
    if (this.#peers > 0) await executors.announce(system, "- q")
  }

  /** One heartbeat; whether it found the lease alive. One that was ended by others is followed by another, of a new id. */
  async beat(): Promise<boolean> {
    const { store, clock, onLost, onCancelled, onRegisteredAnew } = this.#options
    const sentAt = clock.monotonic()
    this.#fitLease(sentAt)
    const guardMs = Math.max(1, (this.#leaseMs * 2) / 3 - (sentAt - this.#aliveAt)) + 5
    const guard = setTimeout(() => {
      if (!this.isFresh(2 / 3)) onLost("no heartbeat went through in time")
    }, guardMs)
    try {
      const beat = await executors.heartbeat(store.system, this.#id, Math.round(this.#leaseMs))
      if (!beat.alive) {
        onLost("another process has ended this executor's lease")
        this.#id = randomUUID()
        await this.register()
        onRegisteredAnew()
        return false
      }
      this.#aliveAt = sentAt
      this.#peers = beat.peers
      this.#clockOffsetMs = beat.now - clock.now()
      for (const { id, reason } of beat.cancelled) onCancelled(id, reason)
      return true
    } finally {
      clearTimeout(guard)
    }
  }

  /** A late beat means a starved host: a longer lease is better than losing all runs to a peer again and again. */
  #fitLease(sentAt: number): void {
    const { limits } = this.#options
    const lateMs = sentAt - this.#aliveAt - this.#leaseMs / 3
    if (lateMs > this.#leaseMs / 2) this.#leaseMs = Math.min(leaseMsMax, this.#leaseMs * 1.5)
    else if (this.#leaseMs > limits.leaseMs) this.#leaseMs = Math.max(limits.leaseMs, this.#leaseMs - leaseDecayMs)
  }
}

const leaseMsMax = 10_000
const leaseDecayMs = 100
