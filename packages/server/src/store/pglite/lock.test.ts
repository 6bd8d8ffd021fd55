// The lock of the data directory: one holder, errors that name it, take-over from the dead only.
import { fork } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { lockDirectory, lockPath } from "./lock.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "perdure-lock-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const readLock = (): Record<string, unknown> => JSON.parse(readFileSync(lockPath(directory), "utf8")) as Record<string, unknown>
const writeLock = (change: Record<string, unknown>): void =>
  writeFileSync(lockPath(directory), JSON.stringify({ ...readLock(), token: "other", ...change }))

test("refuses a second opener and names the process that has it", async () => {
  const lock = await lockDirectory(directory)
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    code: "data_directory_locked",
    message: expect.stringContaining(String(process.pid)) as string,
  })
  await lock.release()
  await (await lockDirectory(directory)).release()
  expect(readdirSync(directory)).toEqual([])
})

test("takes over from a process that does not exist, from another boot, and from a reused process number", async () => {
  for (const change of [{ pid: 2 ** 22 + 7 }, { bootId: "another boot" }, { startTime: "1" }]) {
    await lockDirectory(directory)
    writeLock(change)
    const lock = await lockDirectory(directory)
    expect(readLock()).toMatchObject({ pid: process.pid })
    await lock.release()
    expect(readdirSync(directory)).toEqual([])
  }
})

test("leaves a lock alone when its holder may live: another host, an unknown start time, a file that can't be read", async () => {
  await lockDirectory(directory)
  writeLock({ host: `not-${hostname()}`, pid: 2 ** 22 + 7 })
  await expect(lockDirectory(directory)).rejects.toThrow(`not-${hostname()}`)
  writeLock({ host: hostname(), pid: process.pid, startTime: null })
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "data_directory_locked" })
  writeFileSync(lockPath(directory), "")
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    code: "data_directory_locked",
    hint: expect.stringContaining("delete") as string,
  })
})

test("does not remove a lock that another process holds by now", async () => {
  const lock = await lockDirectory(directory)
  writeLock({ pid: process.pid })
  await lock.release()
  expect(readLock()).toMatchObject({ token: "other" })
})

test("gives a dead holder's lock to exactly one of many contenders", async () => {
  for (let round = 0; round < 5; round += 1) {
    await lockDirectory(directory)
    writeLock({ token: `dead-${round}`, pid: 2 ** 22 + 7 })
    const contenders = await Promise.allSettled(Array.from({ length: 8 }, () => lockDirectory(directory)))
    const winners = contenders.filter((contender) => contender.status === "fulfilled")
    expect(winners).toHaveLength(1)
    for (const winner of winners) await winner.value.release()
    expect(readdirSync(directory)).toEqual([])
  }
})

test("gives a dead holder's lock to exactly one of several processes, also when one died in its take-over", async () => {
  const lockModule = new URL("./lock.ts", import.meta.url).href
  const script = join(directory, "contender.mjs")
  writeFileSync(
    script,
    `const { lockDirectory } = await import(${JSON.stringify(lockModule)})
     process.once("message", async () => {
       await lockDirectory(process.argv[2]).then(() => process.send("won"), (error) => process.send(error.code))
     })
     // A winner that ended would be dead, and rightly succeeded.
     setInterval(() => undefined, 1_000)
     process.send("ready")`,
  )
  const home = mkdtempSync(join(tmpdir(), "perdure-lock-"))
  const path = lockPath(home)
  const dead = { token: "first", pid: 2 ** 22 + 7, startTime: "1", bootId: null, host: hostname() }
  writeFileSync(path, JSON.stringify(dead))
  writeFileSync(`${path}.after-first`, JSON.stringify({ ...dead, token: "second" }))
  const children = Array.from({ length: 4 }, () => fork(script, [home], { stdio: "inherit" }))
  const messages = (child: (typeof children)[number]): Promise<unknown> => new Promise((resolve) => child.once("message", resolve))
  await Promise.all(children.map(messages))
  const outcomes = children.map(messages)
  for (const child of children) child.send("go")
  const winners = (await Promise.all(outcomes)).filter((outcome) => outcome === "won")
  expect(winners).toHaveLength(1)
  for (const child of children) child.kill("SIGKILL")
  rmSync(home, { recursive: true, force: true })
})
