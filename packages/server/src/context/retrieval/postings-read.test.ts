// Test of what a search makes a server read that has no statistics yet, as right after a large import: the postings of its terms, not those of the scope.
import { expect, it } from "vitest"
import { wordIndex } from "../../store/index.ts"
import { openTestStore, testEngines } from "../../testing/database.ts"

const key = { projectId: "proj_default", scopeId: "memory:user:ada" }
const termsThere = 3_000

const isThere = testEngines().includes("postgres")

it.skipIf(!isThere)(
  `reads the postings of the terms that are asked for alone${isThere ? "" : " (skipped: Postgres is not installed)"}`,
  async () => {
    await using opened = await openTestStore("postgres")
    const { store } = opened
    await store.system.query("insert into word_scopes (project_id, scope_id, version, next_place) values ($1, $2, 1, 1)", [
      key.projectId,
      key.scopeId,
    ])
    await store.system.query(
      `insert into word_segments (project_id, scope_id, term, segment, lane, version, postings)
     select $1, $2, n, 1, 'user', 1, '\\x0000000000000000' from generate_series(1, $3::int) n`,
      [key.projectId, key.scopeId, termsThere],
    )
    const entriesRead = async (): Promise<number> => {
      const [row] = await store.system.query<{ count: number }>(
        "select idx_tup_read as count from pg_stat_user_indexes where indexrelname = 'word_segments_pkey'",
      )
      return row?.count ?? 0
    }
    const asked = ["7", "8", "9", "-1"].map((term) => ({ term, version: 0 }))
    const read = async (known: { generation: number; version: number }, terms: typeof asked): Promise<number[]> => {
      const before = await entriesRead()
      const segments = await store.project(key.projectId).transaction(async (tx) => {
        const changes = await wordIndex.changesOf(tx, key, known, terms)
        await tx.query("select pg_stat_force_next_flush()")
        return changes.segments
      })
      await expect.poll(async () => (await entriesRead()) > before || segments.length === 0, { timeout: 30_000 }).toBe(true)
      return [segments.length, (await entriesRead()) - before]
    }
    expect(await read({ generation: 0, version: 0 }, asked)).toEqual([3, 3])
    // What is known is not looked up again.
    expect(
      await read({ generation: 1, version: 1 }, [...asked.slice(0, 2).map((each) => ({ ...each, version: 1 })), ...asked.slice(2)]),
    ).toEqual([1, 1])
  },
)
