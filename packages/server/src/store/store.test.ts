// The behaviour that the port promises, on both engines.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { AppError, defaultLimits } from "../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { isStoreError, type StoreError } from "./errors.ts"
import type { Store } from "./port.ts"

describe.each(testEngines())("the store on %s", (engine) => {
  let testStore: TestStore
  let store: Store

  beforeAll(async () => {
    testStore = await openTestStore(engine)
    store = testStore.store
    await store.system.query("create table notes (project_id text not null, id int not null, body text, primary key (project_id, id))")
    await store.system.query("select perdure_protect('notes')")
    await store.system.query("create table counters (id text primary key, n int not null check (n >= 0))")
  })
  afterAll(() => testStore[Symbol.asyncDispose]())

  test("gives every column type the JavaScript value that the port promises", async () => {
    const [row] = await store.system.query(`select
      true as bool, 1::int2 as int2, 2::int4 as int4, 9007199254740991::int8 as int8, 1.5::numeric as numeric, 0.25::float8 as float8, 0.5::float4 as float4,
      'text'::text as text, 'v'::varchar as varchar, '\\x00ff'::bytea as bytea, '{"a":[1,null]}'::jsonb as jsonb, '[true]'::json as json,
      '2026-11-25 02:36:08.123456+00'::timestamptz as timestamptz, '2026-01-02'::date as date, '0199aaaa-0000-7000-8000-000000000001'::uuid as uuid,
      '{t,NULL}'::bool[] as bools, '{1,2}'::int[] as ints, '{3}'::int8[] as int8s, '{"a","b,\\"c\\"",NULL,""}'::text[] as texts, '{1.5}'::numeric[] as numerics,
      array['{"x":1}'::jsonb] as jsonbs, array['\\x01'::bytea] as byteas, '{}'::text[] as empty, array[[1,2],[3,4]] as nested,
      array['2026-11-25 02:36:08+02'::timestamptz] as times, null::int as absent, 'infinity'::timestamptz as never`)
    expect(row).toEqual({
      bool: true,
      int2: 1,
      int4: 2,
      int8: 9007199254740991,
      numeric: 1.5,
      float8: 0.25,
      float4: 0.5,
      text: "text",
      varchar: "v",
      bytea: new Uint8Array([0, 255]),
      jsonb: { a: [1, null] },
      json: [true],
      timestamptz: Date.UTC(2026, 10, 25, 2, 36, 8, 123),
      date: "2026-01-02",
      uuid: "0199aaaa-0000-7000-8000-000000000001",
      bools: [true, null],
      ints: [1, 2],
      int8s: [3],
      texts: ["a", 'b,"c"', null, ""],
      numerics: [1.5],
      jsonbs: [{ x: 1 }],
      byteas: [new Uint8Array([1])],
      empty: [],
      nested: [
        [1, 2],
        [3, 4],
      ],
      times: [Date.UTC(2026, 10, 25, 0, 36, 8)],
      absent: null,
      never: Infinity,
    })
  })

  test("reads times before 1970, in far offsets, and refuses an integer that a number can't hold", async () => {
    const times = await store.system.query(
      "select '1969-12-31 23:59:59.999+00'::timestamptz as before, '2026-01-01 00:00:00-11:30'::timestamptz as offset",
    )
    expect(times).toEqual([{ before: -1, offset: Date.UTC(2026, 0, 1, 11, 30) }])
    await expect(store.system.query("select 9007199254740993::int8 as n")).rejects.toThrow(/9007199254740993/)
    // The connection is still good.
    expect(await store.system.query("select 1 as n")).toEqual([{ n: 1 }])
  })

  test("reads bytes alike however often a statement runs, with nothing, much and nothing in them, in a project and in a transaction", async () => {
    const text = "select $1::bytea as bytes, $2::text as text, $1::bytea is null as absent"
    const much = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256)
    for (const bytes of [much, null, new Uint8Array(), much]) {
      const expected = [{ bytes, text: "\\x00", absent: bytes === null }]
      expect(await store.system.query(text, [bytes, "\\x00"])).toEqual(expected)
      expect(await store.project("p").query(text, [bytes, "\\x00"])).toEqual(expected)
      expect(await store.project("p").transaction((tx) => tx.query(text, [bytes, "\\x00"]))).toEqual(expected)
    }
    // The same text with another result: DDL between two runs.
    await store.system.query("create table boxes (content bytea)")
    await store.system.query("insert into boxes values ('\\x0102')")
    for (let times = 0; times < 2; times++)
      expect(await store.system.query("select * from boxes")).toEqual([{ content: Uint8Array.of(1, 2) }])
    await store.system.query("alter table boxes add column label text default 'b'")
    for (let times = 0; times < 2; times++) {
      expect(await store.system.query("select * from boxes")).toEqual([{ content: Uint8Array.of(1, 2), label: "b" }])
    }
  })

  test("binds every kind of value", async () => {
    const bytes = new Uint8Array([0, 1, 92, 255])
    const text = `select $1::bool as a, $2::int8 as b, $3::float8 as c, $4::text as d, $5::bytea as e, $6::jsonb as f, $7::text[] as g, $8::int[] as h,
      $9::bytea[] as i, $10::text as j, $11::int8 as k, $12::bool[] as l`
    const values = [
      false,
      42,
      -0.5,
      "ü \u{1F600} \\ ' \"",
      bytes,
      JSON.stringify({ k: "v" }),
      ["a", null, "x,y", '{\\"', ""],
      [1, 2],
      [bytes],
      null,
      7n,
      [true, false],
    ]
    expect(await store.system.query(text, values)).toEqual([
      {
        a: false,
        b: 42,
        c: -0.5,
        d: "ü \u{1F600} \\ ' \"",
        e: bytes,
        f: { k: "v" },
        g: ["a", null, "x,y", '{\\"', ""],
        h: [1, 2],
        i: [bytes],
        j: null,
        k: 7,
        l: [true, false],
      },
    ])
  })

  test("gives back any list of texts and any bytes unchanged", async () => {
    const printable = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", ""))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(printable), { maxLength: 8 }), fc.uint8Array({ maxLength: 40 }), async (texts, bytes) => {
        expect(await store.system.query("select $1::text[] as texts, $2::bytea as bytes", [texts, bytes])).toEqual([
          { texts, bytes: new Uint8Array(bytes) },
        ])
      }),
      { numRuns: 50 },
    )
  })

  test("commits a transaction whole and rolls it back whole", async () => {
    await store.system.transaction(async (tx) => {
      await tx.query("insert into counters values ('a', 1)")
      await tx.query("insert into counters values ('b', 1)")
    })
    const failing = store.system.transaction(async (tx) => {
      await tx.query("update counters set n = 2 where id = 'a'")
      throw new Error("changed my mind")
    })
    await expect(failing).rejects.toThrow("changed my mind")
    expect(await store.system.query("select id, n from counters where id in ('a', 'b') order by id")).toEqual([
      { id: "a", n: 1 },
      { id: "b", n: 1 },
    ])
  })

  test("refuses a statement on a transaction that has ended", async () => {
    let late: (() => Promise<unknown>) | undefined
    await store.system.transaction(async (tx) => {
      late = () => tx.query("select 1")
    })
    await expect(Promise.resolve().then(() => late?.())).rejects.toThrow(/has ended/)
  })

  test("keeps projects apart: reads, updates, deletes and inserts of another project's rows do nothing or fail", async () => {
    await store.project("one").query("insert into notes values ('one', 1, 'mine')")
    await store.project("two").query("insert into notes values ('two', 1, 'theirs')")
    expect(await store.project("one").query("select body from notes")).toEqual([{ body: "mine" }])
    expect(await store.project("one").query("update notes set body = 'stolen' where project_id = 'two' returning id")).toEqual([])
    expect(await store.project("one").query("delete from notes where project_id = 'two' returning id")).toEqual([])
    const crossing = await failure(store.project("one").query("insert into notes values ('two', 2, 'planted')"))
    expect(crossing).toMatchObject({ code: "permission_denied", sqlState: "42501" })
    expect(await failure(store.project("one").query("update notes set project_id = 'two'"))).toMatchObject({ code: "permission_denied" })
    expect(await store.system.query("select project_id, id, body from notes order by project_id")).toEqual([
      { project_id: "one", id: 1, body: "mine" },
      { project_id: "two", id: 1, body: "theirs" },
    ])
  })

  test("shows nothing to the application role without a project, and leaves no project behind on the connection", async () => {
    await store.project("one").query("insert into notes values ('one', 10, 'x') on conflict do nothing")
    await store.system.transaction(async (tx) => {
      await tx.query("set local role perdure_app")
      expect(await tx.query("select * from notes")).toEqual([])
    })
    const after = "select current_user <> 'perdure_app' as owner, coalesce(current_setting('perdure.project', true), '') as project"
    const rows = await Promise.all(Array.from({ length: 30 }, () => store.system.query(after)))
    expect(rows.flat()).toEqual(Array.from({ length: 30 }, () => ({ owner: true, project: "" })))
  })

  test("narrows a transaction of a project like its single statements", async () => {
    await store.project("three").transaction(async (tx) => {
      await tx.query("insert into notes values ($1, 1, 'in a transaction')", ["three"])
      expect(await tx.query("select project_id from notes")).toEqual([{ project_id: "three" }])
    })
    expect(await store.project("three").query("select body from notes")).toEqual([{ body: "in a transaction" }])
  })

  test("does not let a project's statement reach the owner's tables or leave its role", async () => {
    expect(await failure(store.project("one").query("select * from settings"))).toMatchObject({ sqlState: "42501" })
    expect(await failure(store.project("one").query("create table mine (id int)"))).toMatchObject({ sqlState: "42501" })
    expect(() => store.project("x'; reset role; --")).toThrow(AppError)
  })

  test("rolls a project's single statement back when it fails, and goes on", async () => {
    expect(await failure(store.project("one").query("insert into notes values ('one', 1, 'again')"))).toMatchObject({
      code: "conflict",
      sqlState: "23505",
    })
    expect(await store.project("one").query("select count(*) as n from notes where id = 1")).toEqual([{ n: 1 }])
  })

  test("names the kind of a failure without quoting values", async () => {
    const cases: [string, string, string][] = [
      ["insert into counters values ('a', 1)", "conflict", "23505"],
      ["insert into counters values ('neg', -1)", "server_error", "23514"],
      ["select secret from counters", "server_error", "42703"],
      ["select 'hunter2'::int", "server_error", "22P02"],
      ["select", "server_error", ""],
    ]
    for (const [text, code, sqlState] of cases.slice(0, 4)) {
      const error = await failure(store.system.query(text))
      expect(error).toMatchObject({ code, sqlState, outcome: "failed", retryable: false })
      expect(error.message).not.toContain("hunter2")
    }
    expect((await failure(store.system.query("insert into counters values ('a', 1)"))).constraint).toBe("counters_pkey")
  })

  test("delivers notifications after the commit, and none of a rolled back transaction", async () => {
    const received: string[] = []
    const stop = await store.listen("Some Channel", (payload) => received.push(payload))
    await store.system
      .transaction(async (tx) => {
        await tx.query("select pg_notify('Some Channel', 'never')")
        throw new Error("rolled back")
      })
      .catch(() => undefined)
    await store.notify("Some Channel", "one")
    await store.project("one").transaction(async (tx) => void (await tx.query("select pg_notify('Some Channel', 'two')")))
    await expect.poll(() => received.length).toBe(2)
    expect(received).toEqual(["one", "two"])
    await stop()
    await store.notify("Some Channel", "three")
    await store.ping()
    expect(received).toEqual(["one", "two"])
  })

  test("listens with several handlers on one channel, each ended by itself", async () => {
    const first: string[] = []
    const second: string[] = []
    const stopFirst = await store.listen("shared", (payload) => first.push(payload))
    const stopSecond = await store.listen("shared", (payload) => second.push(payload))
    await store.notify("shared", "both")
    await expect.poll(() => first.length + second.length).toBe(2)
    await stopFirst()
    await store.notify("shared", "second only")
    await expect.poll(() => second.length).toBe(2)
    expect(first).toEqual(["both"])
    await stopSecond()
  })

  test("serves many callers at once without mixing their answers", async () => {
    const work = Array.from({ length: 200 }, async (_, index) => {
      if (index % 3 === 0) {
        return await store.system.transaction(async (tx) => {
          const [a] = await tx.query<{ n: number }>("select $1::int as n", [index])
          const [b] = await tx.query<{ n: number }>("select $1::int * 2 as n", [index])
          return [a?.n, b?.n]
        })
      }
      const [row] = await store
        .project(`p${index % 7}`)
        .query<{ n: number; p: string }>("select $1::int as n, current_setting('perdure.project') as p", [index])
      expect(row?.p).toBe(`p${index % 7}`)
      return [row?.n, (row?.n ?? 0) * 2]
    })
    expect(await Promise.all(work)).toEqual(Array.from({ length: 200 }, (_, index) => [index, index * 2]))
  })

  test("survives a change of a table under a prepared statement", async () => {
    await store.system.query("create table shifting (a int)")
    await store.system.query("insert into shifting values (1)")
    expect(await store.system.query("select * from shifting")).toEqual([{ a: 1 }])
    await store.system.query("alter table shifting add column b int default 2")
    const again = (): Promise<unknown> => store.system.query("select * from shifting")
    expect(await again()).toEqual([{ a: 1, b: 2 }])
  })

  test("ends a transaction that is held open too long, so that others get their turn", async () => {
    await using other = await openTestStore(engine, { limits: { ...defaultLimits, queryTimeoutMs: 2_000 } })
    const begun = Promise.withResolvers<void>()
    const served = Promise.withResolvers<void>()
    const held = other.store.system.transaction(async (tx) => {
      await tx.query("create table half_done (id int)")
      begun.resolve()
      await served.promise
      await tx.query("select 1")
    })
    const outcome = failure(held)
    await begun.promise
    // Who waits has the same limit as who holds, so that the first of them may go without its turn.
    const found = () => other.store.system.query("select to_regclass('half_done') as found").catch(() => "no turn")
    await expect.poll(found, { timeout: 30_000 }).toEqual([{ found: null }])
    // The embedded engine has one connection, so the transaction is over when this is answered; on Postgres others never waited for it.
    const open = "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"
    if (engine === "postgres") await expect.poll(() => other.store.system.query(open), { timeout: 30_000 }).toEqual([])
    served.resolve()
    expect((await outcome).code).toMatch(/database_timeout|database_unavailable/)
    expect(await other.store.system.query("select to_regclass('half_done') as found")).toEqual([{ found: null }])
  })

  test("refuses everything after it was closed", async () => {
    const other = await openTestStore(engine)
    await other.store[Symbol.asyncDispose]()
    await expect(other.store.system.query("select 1")).rejects.toThrow(/closed/)
    await other[Symbol.asyncDispose]()
  })
})

async function failure(promise: Promise<unknown>): Promise<StoreError> {
  const error = await promise.then(
    () => new Error("it succeeded"),
    (reason: unknown) => reason,
  )
  if (!isStoreError(error)) throw error
  return error
}
