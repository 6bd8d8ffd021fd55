// The tally of calls: what a killed process had under way is known to the next start; what ended by itself leaves nothing.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { sleep, systemClock } from "../core/index.ts"
import { openTally, type Tally } from "./index.ts"

const child = join(import.meta.dirname, "..", "testing", "tally-child.ts")

describe("the tally", () => {
  let directory: string
  const open = (isOnlyProcess = false): Tally => openTally({ directory, isOnlyProcess, clock: systemClock, onError: () => undefined })

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "perdure-tally-"))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it("tells the next start what a process had under way when it was killed, once", async () => {
    const victim = spawn(process.execPath, [child, directory], { stdio: ["ignore", "pipe", "inherit"] })
    const exited = once(victim, "exit")
    await once(victim.stdout, "data")
    {
      using neighbour = open()
      expect(neighbour.unrecorded).toEqual([])
    }
    victim.kill("SIGKILL")
    await exited
    using next = open()
    expect(next.unrecorded).toEqual([{ callsUnderWay: 7, recordsWaiting: 3, countedAt: expect.any(Number) as number }])
    using another = open()
    expect(another.unrecorded).toEqual([])
  })

  it("leaves nothing when everything ended, and says what a shutdown cut", async () => {
    {
      using tally = open()
      tally.callBegan()
      tally.recordsWait(1)
      await sleep(50)
      tally.callEnded()
      tally.recordsWait(0)
    }
    expect(readdirSync(directory)).toEqual([])
    {
      using tally = open()
      tally.callBegan()
      await sleep(50)
    }
    using next = open(true)
    expect(next.unrecorded).toMatchObject([{ callsUnderWay: 1, recordsWaiting: 0 }])
  })

  it("is not stopped by a file that cannot be read", () => {
    writeFileSync(join(directory, "half.calls.json"), '{"pid":')
    using tally = open(true)
    expect([tally.unrecorded, readdirSync(directory).length]).toEqual([[], 1])
  })
})
