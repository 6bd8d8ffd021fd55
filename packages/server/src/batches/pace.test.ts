// How fast a batch goes and what it leaves to others: fewer calls after a refusal, one on a busy process, none without room.
import { setTimeout as delay } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { CallSlots } from "./call-slots.ts"
import { Pace } from "./pace.ts"

const never = new AbortController().signal

/** Those of the promises that have resolved by now. */
async function resolved(promises: readonly Promise<unknown>[]): Promise<number> {
  let count = 0
  for (const promise of promises) void promise.then(() => (count += 1))
  await delay(0)
  return count
}

describe("the pace of a batch", () => {
  it("falls to one call after a refusal, waits, and grows again with each that is let through", async () => {
    let now = 0
    const pace = new Pace({ callsMax: 3, clock: { monotonic: () => now } })
    const entered = await Promise.all([pace.enter(never), pace.enter(never), pace.enter(never)])
    for (const startedAt of entered) {
      pace.refused(startedAt, 50)
      pace.leave()
    }
    const waiting = [pace.enter(never), pace.enter(never), pace.enter(never)]
    expect(await resolved(waiting)).toBe(0)
    now = 51
    await expect.poll(() => resolved(waiting), { timeout: 20_000 }).toBe(1)
    pace.accepted()
    expect(await resolved(waiting)).toBe(2)
    pace.accepted()
    expect(await resolved(waiting)).toBe(3)
  })

  it("is not slowed by one line that fails, but by nothing else than failures", async () => {
    const pace = new Pace({ callsMax: 2, clock: { monotonic: () => 0 } })
    pace.faulted(0)
    pace.accepted()
    pace.faulted(0)
    pace.faulted(0)
    expect(await resolved([pace.enter(never), pace.enter(never)])).toBe(2)
    const ill = new Pace({ callsMax: 2, clock: { monotonic: () => 0 } })
    for (let count = 0; count < 3; count += 1) ill.faulted(0)
    expect(await resolved([ill.enter(new AbortController().signal)])).toBe(0)
  })

  it("lets go of who waits when the batch ends", async () => {
    const pace = new Pace({ callsMax: 1, clock: { monotonic: () => 0 } })
    await pace.enter(never)
    const end = new AbortController()
    const waiting = pace.enter(end.signal)
    end.abort(new Error("over"))
    await expect(waiting).rejects.toThrow("over")
  })
})

describe("the calls of all batches of a process", () => {
  it("are as many as configured, in turn, and one while the process is busy", async () => {
    let share = 0
    const slots = new CallSlots({ callsMax: 2, busyShare: () => share })
    const asked = Array.from({ length: 4 }, () => slots.acquire(() => true, never))
    expect(await resolved(asked)).toBe(2)
    share = 1
    await delay(300)
    for (const release of await Promise.all(asked.slice(0, 2))) release()
    expect(await resolved(asked)).toBe(3)
    share = 0
    await expect.poll(() => resolved(asked), { timeout: 20_000 }).toBe(4)
  })

  it("wait where others leave no room, and do not hold up those that have it", async () => {
    let hasRoom = false
    const slots = new CallSlots({ callsMax: 2, busyShare: () => 0 })
    const crowded = slots.acquire(() => hasRoom, never)
    expect(await resolved([crowded, slots.acquire(() => true, never)])).toBe(1)
    hasRoom = true
    await expect.poll(() => resolved([crowded]), { timeout: 20_000 }).toBe(1)
    const end = new AbortController()
    const left = slots.acquire(() => false, end.signal)
    end.abort(new Error("over"))
    await expect(left).rejects.toThrow("over")
  })
})
