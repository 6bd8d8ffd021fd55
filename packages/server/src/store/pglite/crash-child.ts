// A process for crash tests: writes numbered rows to the store in the given directory and reports each acknowledged commit.
import { defaultLimits } from "../../core/index.ts"
import { openStore } from "../index.ts"

const [, , dataDirectory = "", shadowDirectory, fsync] = process.argv
// No migrations: these tests are about the engine, and start faster so.
const testing = { fsync: fsync !== "off", migrations: [], ...(shadowDirectory === undefined ? {} : { shadowDirectory }) }
const store = await openStore({ dataDirectory, limits: defaultLimits, testing })
await store.system.query("create table if not exists writes (id int primary key, filler text)")
await store.system.query("create table if not exists progress (name text primary key, n int not null)")
const [last] = await store.system.query<{ id: number }>("select coalesce(max(id), 0) as id from writes")
for (let id = (last?.id ?? 0) + 1; ; id += 1) {
  await store.system.transaction(async (tx) => {
    await tx.query("insert into writes values ($1, repeat('x', 200))", [id])
    // The same page again and again: what a torn write of a data file would damage.
    await tx.query("insert into progress values ('one', $1) on conflict (name) do update set n = excluded.n", [id])
  })
  process.send?.(id)
  if (id % 40 === 0) await store.system.query("checkpoint")
}
