// Emulated power loss: images of the disk that keep what was synced and mix the rest must open and hold every acknowledged commit.
import { fork } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { openStore } from "../index.ts"
import { durableContent, durableNames, identity, recordTree } from "./shadow.ts"
import { randomFrom } from "../../testing/random.ts"

/** Raise it for a long run: `PERDURE_POWER_LOSS_IMAGES=1000`. */
const imagesWanted = Number(process.env["PERDURE_POWER_LOSS_IMAGES"] ?? 10)
/** One with each chance that an unsynced change reached the disk. */
const imagesPerCrash = 5

let scratch: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "perdure-power-"))
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

test("loses no acknowledged commit in any image of a power loss", { timeout: 1_200_000 + imagesWanted * 10_000 }, async () => {
  const outcomes = await crashes(imagesWanted, true)
  expect(outcomes.filter((outcome) => outcome.lost !== 0)).toEqual([])
  expect(outcomes).toHaveLength(imagesWanted)
})

test("sees the loss when the engine does not wait for the disk: the test can fail", { timeout: 600_000 }, async () => {
  const outcomes = await crashes(5, false)
  expect(outcomes.some((outcome) => outcome.lost !== 0)).toBe(true)
})

interface Outcome {
  readonly image: number
  readonly acknowledged: number
  /** Acknowledged rows that are gone; the error when the image doesn't open. */
  readonly lost: number | string
}

async function crashes(images: number, fsync: boolean): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  while (outcomes.length < images) {
    const home = join(scratch, `crash-${outcomes.length}`)
    const shadow = join(home, "shadow")
    const dataDirectory = join(home, "data")
    const acknowledged = await crash(dataDirectory, shadow, fsync)
    for (let each = 0; each < imagesPerCrash && outcomes.length < images; each += 1) {
      const image = outcomes.length
      const copy = join(home, "image")
      buildImage({
        source: join(dataDirectory, "database"),
        target: join(copy, "database"),
        shadow,
        random: randomFrom(image + 1),
        bias: biases[each % biases.length] ?? 0.5,
      })
      outcomes.push({ image, acknowledged, lost: await lostRows(copy, acknowledged) })
      rmSync(copy, { recursive: true, force: true })
    }
    rmSync(home, { recursive: true, force: true })
  }
  return outcomes
}

/** Chance that an unsynced change reached the disk: none, few, half, most, all. */
const biases = [0, 0.1, 0.5, 0.9, 1]

/** Writes in another process, kills it at a random moment, and tells the last row that it was told to be committed. */
async function crash(dataDirectory: string, shadow: string, fsync: boolean): Promise<number> {
  await (await openStore({ dataDirectory, limits: defaultLimits, testing: { fsync: false, migrations: [] } }))[Symbol.asyncDispose]()
  recordTree(shadow, join(dataDirectory, "database"))
  const child = fork(new URL("./crash-child.ts", import.meta.url), [dataDirectory, shadow, fsync ? "on" : "off"], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  let acknowledged = 0
  const enough = 60 + Math.floor(Math.random() * 120)
  await new Promise<void>((resolve) => {
    child.on("message", (message: number) => {
      acknowledged = message
      if (message >= enough) resolve()
    })
    child.once("exit", () => resolve())
  })
  expect(child.exitCode, "the writer ended by itself").toBe(null)
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await ended
  return acknowledged
}

async function lostRows(dataDirectory: string, acknowledged: number): Promise<number | string> {
  try {
    await using store = await openStore({ dataDirectory, limits: defaultLimits, testing: { fsync: false, migrations: [] } })
    const [heap] = await store.system.query<{ n: number }>("select count(*) as n from writes where id <= $1 and length(filler) = 200", [
      acknowledged,
    ])
    const [counter] = await store.system.query<{ n: number }>("select coalesce(max(n), 0) as n from progress")
    return Math.max(acknowledged - (heap?.n ?? 0), acknowledged - (counter?.n ?? 0), 0)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

interface ImageParts {
  readonly source: string
  readonly target: string
  readonly shadow: string
  readonly random: () => number
  readonly bias: number
}

/** One possible state of the disk: of every name and of every 4 KB block either the synced version or the newest one. */
function buildImage(parts: ImageParts): void {
  const { source, target, shadow, random, bias } = parts
  mkdirSync(target, { recursive: true })
  const names = new Map(Object.entries(durableNames(shadow, source)))
  const now = new Map(readdirSync(source).map((name) => [name, identity(join(source, name))]))
  for (const name of new Set([...names.keys(), ...now.keys()])) {
    const before = names.get(name)
    const after = now.get(name)
    const chosen = before === after || random() < bias ? after : before
    if (chosen === undefined) continue
    const path = join(source, name)
    if (after !== undefined && statSync(path).isDirectory()) {
      buildImage({ ...parts, source: path, target: join(target, name) })
      continue
    }
    // Content belongs to the inode, whatever its name was and is.
    const newest = chosen === after ? readFileSync(path) : contentAnywhere(source, chosen)
    writeFileSync(join(target, name), mixBlocks(durableContent(shadow, chosen) ?? Buffer.alloc(0), newest, random, bias))
  }
}

/** The newest content of an inode that has another name in the same directory by now; undefined when it is gone. */
function contentAnywhere(directory: string, wanted: string): Buffer | undefined {
  const name = readdirSync(directory).find((one) => identity(join(directory, one)) === wanted)
  return name === undefined ? undefined : readFileSync(join(directory, name))
}

function mixBlocks(synced: Buffer, newest: Buffer | undefined, random: () => number, bias: number): Buffer {
  if (newest === undefined || synced.equals(newest)) return synced
  const blockBytes = 4096
  const length = random() < bias ? newest.length : synced.length
  const mixed = Buffer.alloc(length)
  for (let offset = 0; offset < length; offset += blockBytes) {
    const chosen = random() < bias ? newest : synced
    if (offset < chosen.length) chosen.copy(mixed, offset, offset, Math.min(offset + blockBytes, length))
  }
  return mixed
}
