// The migration runner: to head once, in order, by one process, never over a changed file, vectors when they are there; and the committed dump.
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { Client } from "pg"
import { describe, expect, test } from "vitest"
import { AppError, defaultLimits } from "../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { hasTestVector } from "../testing/postgres-vector.ts"
import { readMigrations, type Migration } from "./migrate.ts"
import { openStore } from "./open.ts"
import type { Store } from "./port.ts"
import { describeSchema, schemaHeader, schemaUrl } from "./schema.ts"

const base = readMigrations().filter((migration) => migration.name === "0001_base")
const extra = (name: string, text: string, more: Partial<Migration> = {}): Migration => ({
  name,
  text,
  checksum: `of ${text}`,
  vector: false,
  ...more,
})

describe.each(testEngines())("migrations on %s", (engine) => {
  const fresh = (migrations: readonly Migration[], more: { vector?: boolean } = {}): Promise<TestStore> =>
    openTestStore(engine, { fresh: true, testing: { migrations, ...more } })

  /** Opens the same database again with other migrations. */
  const again = async (
    test: TestStore,
    migrations: readonly Migration[],
    more: { vector?: boolean; migrate?: "check" } = {},
  ): Promise<Store> => {
    if (engine === "pglite") await test.store[Symbol.asyncDispose]()
    const { migrate, ...testing } = more
    return await test.openAnother({ testing: { fsync: false, migrations, ...testing }, ...(migrate === undefined ? {} : { migrate }) })
  }

  test("applies what is missing, in order, and nothing twice", async () => {
    await using database = await fresh(base)
    const more = [
      ...base,
      extra("0098_one", "create table one (id int); insert into one values (1)"),
      extra("0099_two", "insert into one values (2)"),
    ]
    const store = await again(database, more)
    expect(await store.system.query("select id from one order by id")).toEqual([{ id: 1 }, { id: 2 }])
    const third = await again({ ...database, store }, more)
    expect(await third.system.query("select count(*) as n from one")).toEqual([{ n: 2 }])
  })

  test("changes nothing when one of several fails, and names it", async () => {
    await using database = await fresh(base)
    const failing = [...base, extra("0098_good", "create table good (id int)"), extra("0099_bad", "create table good (id int)")]
    await expect(again(database, failing)).rejects.toMatchObject({
      code: "migration_failed",
      message: expect.stringContaining("0099_bad") as string,
    })
    const store = await again({ ...database, store: await again(database, base) }, base)
    expect(await store.system.query("select to_regclass('good') as found")).toEqual([{ found: null }])
  })

  test("asks for space, and not for rights, where the disk was full", async () => {
    await using database = await fresh(base)
    const full = extra("0098_full", "do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$")
    await expect(again(database, [...base, full])).rejects.toMatchObject({
      code: "migration_failed",
      hint: "Nothing was changed. Free space on the disk of the database, then start again.",
    })
    await using _ = await again(database, base)
  })

  test("refuses a migration that was changed after it was applied, and a database of a newer version", async () => {
    const applied = [...base, extra("0099_one", "create table one (id int)")]
    await using database = await fresh(applied)
    await expect(again(database, [...base, extra("0099_one", "create table two (id int)")])).rejects.toThrow(/0099_one was changed/)
    await expect(again(database, base)).rejects.toMatchObject({
      code: "migration_required",
      message: expect.stringContaining("0099_one") as string,
    })
  })

  test("in check mode says what is missing and changes nothing", async () => {
    await using database = await fresh(base)
    const more = [...base, extra("0099_one", "create table one (id int)")]
    await expect(again(database, more, { migrate: "check" })).rejects.toMatchObject({
      code: "migration_required",
      hint: expect.stringContaining("perdure migrate") as string,
    })
    const store = await again(database, base, { migrate: "check" })
    expect(await store.system.query("select to_regclass('one') as found")).toEqual([{ found: null }])
  })

  test("leaves vector migrations out where pgvector isn't, says so, and applies them later when it is", async () => {
    const withVector = [
      ...base,
      extra("0050_v.vector", "create table embeddings (v vector(3))", { vector: true }),
      extra("0060_after", "create table later (id int)"),
    ]
    await using database = await fresh(withVector, { vector: false })
    expect(database.store.capabilities.vector).toBe(false)
    expect(await database.store.system.query("select to_regclass('embeddings') as found, to_regclass('later')::text as later")).toEqual([
      { found: null, later: "later" },
    ])
    const store = await again(database, withVector)
    const [row] = await store.system.query<{ found: string | null }>("select to_regclass('embeddings')::text as found")
    expect(row?.found).toBe(store.capabilities.vector ? "embeddings" : null)
    expect(store.capabilities.vector).toBe(engine === "pglite" || hasTestVector())
  })

  test("lets files that were indexed in the form of before wait to be read anew, and keeps the others as they are", async () => {
    const before = readMigrations().filter(({ name }) => name < "0015")
    await using database = await fresh(before)
    const file = (id: string): string => `('p', '${id}', '${id}.md', 'assistants', 1, 'x', 'key_a', '{}', now())`
    const inStore = (id: string, status: string): string => `('p', 'vs_1', '${id}', 'run_${id}', '${status}', '{}', 100, 0, now())`
    for (const text of [
      `insert into files (project_id, id, filename, purpose, bytes, sha256, principal, label, created_at) values ${file("file_a")}, ${file("file_b")}`,
      `insert into vector_stores (project_id, id, created_at, last_active_at) values ('p', 'vs_1', now(), now())`,
      `insert into vector_store_files (project_id, vector_store_id, file_id, run_id, status, attributes, chunk_tokens_max, chunk_overlap_tokens, created_at)
       values ${inStore("file_a", "completed")}, ${inStore("file_b", "failed")}`,
      `insert into chunks (project_id, vector_store_id, file_id, position, id, heading, body, span_start, span_end, tokens)
       values ('p', 'vs_1', 'file_a', 0, 'chunk_1', '{}', 'Tea.', 0, 4, 2)`,
    ])
      await database.store.system.query(text)
    const store = await again(database, readMigrations())
    expect(await store.system.query(`select file_id as id, status, run_id as "runId" from vector_store_files order by file_id`)).toEqual([
      { id: "file_a", status: "in_progress", runId: expect.stringMatching(/^run_[0-9a-f]{12}7[0-9a-f]{19}$/) as string },
      { id: "file_b", status: "failed", runId: "run_file_b" },
    ])
    expect(await store.system.query("select id from chunks")).toEqual([])
  })

  test("knows counters of end users, and what was told of them, by a hash that calls of today find", async () => {
    await using database = await fresh(readMigrations().filter(({ name }) => name < "0053"))
    const of = (user: string | null): string => JSON.stringify(["each", "microUsd", "day", "p", null, user, "m", null])
    const hash = (id: string): string => createHash("sha256").update(id).digest("base64url")
    const scope = (user: string | null): string => JSON.stringify({ project: "p", key: null, user, model: "m", tag: null })
    for (const [id, user] of [
      [`${of("ada ü@1")}@-5`, "ada ü@1"],
      [of("eve"), "eve"],
      [`${of("")}@7`, ""],
      [`${of(null)}@7`, null],
    ] as const) {
      await database.store.system.query(
        "insert into limit_counters (id, project_id, kind, rule, unit, scope, amount, used) values ($1, 'p', 'budget', 'each', 'microUsd', $2, 9, 4)",
        [id, scope(user)],
      )
      await database.store.system.query("insert into limit_leases (counter_id, holder) values ($1, gen_random_uuid())", [id])
    }
    await database.store.system.query(
      "insert into alerts (id, project_id, type, occasion, data) values ('a', 'p', 'budget.threshold', $1, $2::text::jsonb)",
      [`budget.threshold ${of("ada ü@1")}@-5 9 0.8`, JSON.stringify({ scope: { user: "ada ü@1" } })],
    )
    const store = await again(database, readMigrations())
    const ids = [`${hash(of("ada ü@1"))}@-5`, hash(of("eve")), `${of("")}@7`, `${of(null)}@7`].toSorted()
    expect((await store.system.query<{ id: string }>("select id from limit_counters")).map(({ id }) => id).toSorted()).toEqual(ids)
    expect((await store.system.query<{ id: string }>("select counter_id as id from limit_leases")).map(({ id }) => id).toSorted()).toEqual(
      ids,
    )
    expect(await store.system.query("select occasion from alerts")).toEqual([
      { occasion: `budget.threshold ${hash(of("ada ü@1"))}@-5 9 0.8` },
    ])
  })

  test("gives what was made before for an end user to that user, where rows tell, and leaves the rest to the project", async () => {
    await using database = await fresh(readMigrations().filter(({ name }) => name < "0045"))
    const file = (id: string, key: string): string => `('p', '${id}', '${id}.md', 'assistants', 1, 'x', '${key}', '{}', now())`
    const key = (id: string, user: string): string => `('${id}', 'p', '${id}', '\\x${Buffer.from(id).toString("hex")}', '', ${user})`
    const run = (id: string, by: string, user: string, conversation: string): string =>
      `('${id}', 'p', '${by}', ${user}, 'response', 'response', 'completed', ${conversation}, '{}', '{}', now())`
    const inStore = (store: string, id: string, by: string): string =>
      `('p', '${store}', '${id}', '${by}', 'completed', '{}', 100, 0, now())`
    for (const text of [
      "insert into projects (id, name) values ('p', 'p') on conflict do nothing",
      `insert into api_keys (id, project_id, name, hash, hint, end_user) values ${key("key_ada", "'ada'")}, ${key("key_bob", "'bob'")}, ${key("key_app", "null")}`,
      `insert into files (project_id, id, filename, purpose, bytes, sha256, principal, label, created_at)
       values ${file("file_ada", "key_ada")}, ${file("file_app", "key_app")}`,
      "insert into vector_stores (project_id, id, created_at, last_active_at) select 'p', id, now(), now() from unnest('{vs_ada,vs_both,vs_none}'::text[]) id",
      `insert into runs (id, project_id, principal, end_user, kind, name, status, conversation_id, label, input, created_at) values
       ${run("run_ada", "key_ada", "null", "null")}, ${run("run_bob", "key_bob", "null", "null")},
       ${run("run_1", "key_ada", "'ada'", "'conv_ada'")}, ${run("run_2", "key_app", "'ada'", "'conv_ada'")},
       ${run("run_3", "key_ada", "'ada'", "'conv_both'")}, ${run("run_4", "key_app", "null", "'conv_both'")}`,
      `insert into vector_store_files (project_id, vector_store_id, file_id, run_id, status, attributes, chunk_tokens_max, chunk_overlap_tokens, created_at)
       values ${inStore("vs_ada", "file_ada", "run_ada")}, ${inStore("vs_both", "file_ada", "run_ada")}, ${inStore("vs_both", "file_app", "run_bob")}`,
      "insert into conversations (project_id, id, metadata, created_at) select 'p', id, '{}', now() from unnest('{conv_ada,conv_both,conv_none}'::text[]) id",
    ])
      await database.store.system.query(text)
    const store = await again(database, readMigrations())
    const owners = await store.system.query<{ id: string; owner: string }>(
      "select id, owner from files union all select id, owner from vector_stores union all select id, owner from conversations order by 1",
    )
    expect(owners.map(({ id, owner }) => `${id} ${owner}`)).toEqual([
      "conv_ada user:ada",
      "conv_both project",
      "conv_none project",
      "file_ada user:ada",
      "file_app project",
      "vs_ada user:ada",
      "vs_both project",
      "vs_none project",
    ])
  })

  test("blocks what LiteLLM's routes had blocked by ending it, with the end that it had, and lets their soft budgets tell", async () => {
    await using database = await fresh(readMigrations().filter(({ name }) => name < "0052"))
    const key = (id: string, ends: string, metadata: object): string =>
      `('${id}', 'p', '${id}', '\\x${Buffer.from(id).toString("hex")}', '', ${ends}, '${JSON.stringify(metadata)}')`
    const blocked = { blocked: { expiresAt: null } }
    for (const text of [
      "insert into projects (id, name) values ('p', 'p') on conflict do nothing",
      `insert into api_keys (id, project_id, name, hash, hint, expires_at, metadata) values
       ${key("a", "now()", { litellm: blocked })}, ${key("b", "now()", { x: 1, litellm: { blocked: { expiresAt: 4_000_000_000_000 }, soft_budget: 2 } })},
       ${key("c", "now() + interval '1 day'", { litellm: blocked })}, ${key("d", "now()", {})}`,
    ])
      await database.store.system.query(text)
    const store = await again(database, readMigrations())
    const rows = `select id, blocked_at is not null as blocked, expires_at > now() as live, limits, metadata from api_keys order by id`
    expect(await store.system.query(rows)).toEqual([
      { id: "a", blocked: true, live: null, limits: {}, metadata: {} },
      { id: "b", blocked: true, live: true, limits: { alertUsd: 2, budgetPer: "total" }, metadata: { x: 1 } },
      { id: "c", blocked: false, live: true, limits: {}, metadata: {} },
      { id: "d", blocked: false, live: false, limits: {}, metadata: {} },
    ])
  })

  test("gives the schema of the committed dump", async () => {
    await using database = await openTestStore(engine)
    const schema = schemaHeader + (await describeSchema(database.store.system))
    const committed = readFileSync(schemaUrl, "utf8")
    const hint = "run `node scripts/dump-schema.ts` and look at the difference"
    // Without pgvector on the tests' server, every line of ours must be in the dump.
    if (database.store.capabilities.vector) expect(halved(schema), hint).toBe(halved(committed))
    else
      for (const line of schema.split("\n").filter((line) => !/^[)]|^\s*constraint/.test(line)))
        expect(committed, hint).toContain(line.replace(/,$/, ""))
  })
})

/** Half precision is used where it is fast, and only of it more than 2,000 numbers can be indexed: the one difference between the engines. */
function halved(schema: string): string {
  return schema.replaceAll(/^CREATE INDEX .*::halfvec\((?!2000)[2-9]\d{3}\).*\n/gm, "").replaceAll("halfvec", "vector")
}

describe.runIf(testEngines().includes("postgres"))("a database that another user opens, as after a restore", () => {
  const asAnother = async (rights: string, migrate: "auto" | "check"): Promise<string> => {
    await using database = await openTestStore("postgres")
    const location = "databaseUrl" in database.location ? database.location.databaseUrl : ""
    const user = `another_${new URL(location).pathname.slice(1)}`
    const admin = new Client({ connectionString: location.replace(/\/\/\w+@/, "//postgres@") })
    await admin.connect()
    try {
      await admin.query(`create role ${user} login; grant select on schema_migrations to ${user}; ${rights.replaceAll("{user}", user)}`)
      const url = location.replace(/\/\/\w+@/, `//${user}@`)
      await using store = await openStore({ databaseUrl: url, limits: defaultLimits, migrate })
      const [row] = await store.project("p").query<{ role: string }>("select current_user as role")
      return row?.role ?? ""
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return `${error.message}; ${error.hint}`.replaceAll(user, "{user}")
    } finally {
      await admin.query(`drop owned by ${user}; drop role ${user}`)
      await admin.end()
    }
  }
  const refused =
    'The database user "{user}" may not become perdure_app, the role that sees one project only; ' +
    'As an administrator of the database: grant perdure_app to "{user}"'

  test("is served where the user may become the application role, or may let itself", async () => {
    expect(await asAnother("grant perdure_app to {user}", "check")).toBe("perdure_app")
    // What version 16 and newer give to who made the role: to administrate it, not to become it.
    expect(await asAnother("grant perdure_app to {user} with admin true, set false, inherit false", "auto")).toBe("perdure_app")
  })

  test("is refused at the start where it may not, with what an administrator has to do", async () => {
    expect(await asAnother("", "auto")).toBe(refused)
    expect(await asAnother("grant perdure_app to {user} with admin true, set false, inherit false", "check")).toBe(refused)
  })

  test("is refused where the dump came back without its grants", async () => {
    const rights = "grant perdure_app to {user}; revoke all on all tables in schema public from perdure_app"
    expect(await asAnother(rights, "auto")).toContain("The role perdure_app has no rights on the tables")
  })
})

describe.runIf(testEngines().includes("postgres"))("migrations of several processes on one server", () => {
  test("are applied once when many open a new database at the same moment", async () => {
    await using database = await openTestStore("postgres", { fresh: true, testing: { migrations: [] } })
    const stores = await Promise.all(Array.from({ length: 6 }, () => database.openAnother({ testing: {} })))
    const counts = await Promise.all(stores.map((store) => store.system.query("select count(*) as n from schema_migrations")))
    expect(new Set(counts.map((rows) => JSON.stringify(rows))).size).toBe(1)
  })

  test("give up on a table that somebody reads for long, so that nobody waits behind them, and succeed later", async () => {
    await using database = await openTestStore("postgres", {
      fresh: true,
      testing: { migrations: [...base, extra("0098_one", "create table one (id int)")] },
    })
    const reader = new Client({ connectionString: "databaseUrl" in database.location ? database.location.databaseUrl : "" })
    await reader.connect()
    const migrations = [...base, extra("0098_one", "create table one (id int)"), extra("0099_two", "alter table one add column two int")]
    try {
      await reader.query("begin; lock table one in access share mode")
      await expect(database.openAnother({ testing: { migrations, lockWaitMs: 100 } })).rejects.toMatchObject({
        code: "migration_failed",
        message: expect.stringContaining("0099_two") as string,
        hint: expect.stringMatching(/^Nothing was changed. Somebody holds a table/) as string,
      })
      expect((await reader.query("select * from one")).rows).toEqual([])
      await reader.query("commit")
    } finally {
      await reader.end()
    }
    const store = await database.openAnother({ testing: { migrations } })
    expect(await store.system.query("select count(two) as n from one")).toEqual([{ n: 0 }])
  })

  test("share the application role between databases that are made at the same moment", async () => {
    const databases = await Promise.all(Array.from({ length: 4 }, () => openTestStore("postgres", { fresh: true })))
    for (const database of databases) {
      expect(await database.store.project("p").query("select current_user as role")).toEqual([{ role: "perdure_app" }])
      await database[Symbol.asyncDispose]()
    }
  })
})
