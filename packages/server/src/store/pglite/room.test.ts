// Tests of a database whose disk is nearly full: it reads on, refuses writes with a word, and writes again when there is room.
import { expect, test } from "vitest"
import { silentLogger } from "../engine.ts"
import { openTestStore } from "../../testing/database.ts"
import { diskReserveBytes } from "../disk.ts"
import { Room } from "./room.ts"

test("near the end of the disk writes are refused until there is clearly more room, and what was written stays readable", async () => {
  await using database = await openTestStore("pglite")
  const { system } = database.store
  let free = diskReserveBytes
  const room = new Room({ directory: "/data", logger: silentLogger, query: (text) => system.query(text), free: () => free })
  const insert = (id: string): Promise<unknown> => system.query("insert into projects (id, name) values ($1, $1) returning id", [id])
  await room.look()
  await insert("before")
  free -= 1
  await room.look()
  expect(room.isShort).toBe(true)
  await expect(insert("short")).rejects.toMatchObject({ code: "database_read_only", sqlState: "25006", isAway: true })
  await expect(system.transaction((tx) => tx.query("delete from projects"))).rejects.toMatchObject({ sqlState: "25006" })
  await expect(database.store.project("before").query("select 1 as one")).resolves.toEqual([{ one: 1 }])
  // A little more is not enough: it would go to and fro.
  free = diskReserveBytes + 1
  await room.look()
  await expect(insert("still")).rejects.toMatchObject({ sqlState: "25006" })
  free = diskReserveBytes * 2
  await room.look()
  await insert("after")
  expect(await system.query("select id from projects where id in ('before', 'short', 'still', 'after') order by id")).toEqual([
    { id: "after" },
    { id: "before" },
  ])
})
