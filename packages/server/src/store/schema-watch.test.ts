// What a process learns of migrations that one of a newer version applies beside it, and what the names of migrations promise.
import { describe, expect, test } from "vitest"
import { openTestStore, testEngines } from "../testing/database.ts"
import { readMigrations, type Migration } from "./migrate.ts"
import { watchSchema, type NewerSchema } from "./schema-watch.ts"

const patience = { timeout: 30_000, interval: 20 }
const never = 3_600_000

const newer = (...names: string[]): Migration[] => [
  ...readMigrations(),
  ...names.map((name) => ({ name, text: `select '${name}'`, checksum: `of ${name}`, vector: false })),
]

describe.runIf(testEngines().includes("postgres"))("a process whose database is migrated by one of a newer version", () => {
  test("hears at once what was applied, and that it may go on while none of it is exclusive", async () => {
    await using database = await openTestStore("postgres")
    const told: NewerSchema[] = []
    const onError = (error: unknown): never => expect.unreachable(String(error))
    await using _ = await watchSchema({ store: database.store, pollMs: never, onNewer: (one) => told.push(one), onError })
    await database.openAnother()
    await database.openAnother({ testing: { migrations: newer("9001_more") } })
    await expect.poll(() => told, patience).toEqual([{ migrations: ["9001_more"], isOutdated: false }])
    await database.openAnother({ testing: { migrations: newer("9001_more", "9002_less.exclusive", "9003_then") } })
    await expect
      .poll(() => told.at(-1), patience)
      .toEqual({
        migrations: ["9001_more", "9002_less.exclusive", "9003_then"],
        isOutdated: true,
      })
    expect(told).toHaveLength(2)
  })

  test("finds it without being told: at its own start, and where the notification was lost", async () => {
    await using database = await openTestStore("postgres")
    const deaf = { engine: "postgres" as const, system: database.store.system, listen: async () => async () => undefined }
    const told: NewerSchema[] = []
    const onError = (error: unknown): never => expect.unreachable(String(error))
    await using _ = await watchSchema({ store: deaf, pollMs: 20, onNewer: (one) => told.push(one), onError })
    await database.openAnother({ testing: { migrations: newer("9001_less.exclusive") } })
    await expect.poll(() => told, patience).toEqual([{ migrations: ["9001_less.exclusive"], isOutdated: true }])
    const late: NewerSchema[] = []
    await using __ = await watchSchema({ store: database.store, pollMs: never, onNewer: (one) => late.push(one), onError })
    await expect.poll(() => late, patience).toEqual(told)
  })
})

test("a migration that takes away what the version before uses is exclusive by its name", () => {
  const takesAway =
    /\bdrop (table|column|function|type)\b|\brename (to|column|constraint)\b|\balter column \w+ (set data )?type\b|\bset not null\b/i
  // Those up to here were shipped before names said so.
  const later = readMigrations().filter(({ name }) => name > "0053_unnamed_users")
  const bare = (text: string): string => text.replaceAll(/--.*$/gm, "")
  expect(later.filter(({ name, text }) => takesAway.test(bare(text)) && !name.includes(".exclusive")).map(({ name }) => name)).toEqual([])
  expect(takesAway.test("alter table memories rename to flat_memories")).toBe(true)
})
