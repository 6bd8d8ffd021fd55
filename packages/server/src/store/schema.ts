// The schema as text, read from the database's own catalogue in a fixed order: for the committed dump that reviews of migrations look at.
import type { Queryable } from "./port.ts"

export const schemaUrl = new URL("./schema.sql", import.meta.url)
export const schemaHeader = "-- The schema that the migrations give. Written by scripts/dump-schema.ts; never edited by hand.\n\n"

/** The same text for the same schema, on any engine; objects of extensions are left out. */
export async function describeSchema(db: Queryable): Promise<string> {
  const sections: string[] = []
  for (const each of await db.query<Table>(tables)) sections.push(await describeTable(db, each))
  for (const { definition } of await db.query<{ definition: string }>(functions)) sections.push(`${definition.trim()};`)
  for (const { definition } of await db.query<{ definition: string }>(triggers)) sections.push(`${definition};`)
  return `${sections.join("\n\n")}\n`
}

interface Table {
  table: string
  unlogged: boolean
}

async function describeTable(db: Queryable, { table, unlogged }: Table): Promise<string> {
  const lines = async (text: string): Promise<string[]> => (await db.query<{ line: string }>(text, [table])).map(({ line }) => line)
  const columnLines = await lines(columns)
  const constraintLines = await lines(constraints)
  const body = [...columnLines, ...constraintLines].map((line) => `  ${line}`).join(",\n")
  const [options = ""] = await lines(storage)
  const after = [...(await lines(indexes)), ...(await lines(protection)), ...(await lines(grants))].map((line) => `${line};`)
  return [`create ${unlogged ? "unlogged " : ""}table ${table} (\n${body}\n)${options};`, ...after].join("\n")
}

const own = (catalogue: string): string =>
  `not exists (select from pg_depend d where d.classid = '${catalogue}'::regclass and d.objid = o.oid and d.deptype = 'e')`

const tables = `
  select o.relname as table, o.relpersistence = 'u' as unlogged from pg_class o
  where o.relnamespace = 'public'::regnamespace and o.relkind in ('r', 'p') and ${own("pg_class")}
  order by o.relname collate "C"`

const columns = `
  select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
    || case when a.attgenerated <> '' then ' generated always as (' || pg_get_expr(e.adbin, e.adrelid) || ') stored'
            when a.attidentity <> '' then ' generated ' || case a.attidentity when 'a' then 'always' else 'by default' end || ' as identity'
            when e.adbin is not null then ' default ' || pg_get_expr(e.adbin, e.adrelid) else '' end
    || case when a.attnotnull then ' not null' else '' end as line
  from pg_attribute a left join pg_attrdef e on e.adrelid = a.attrelid and e.adnum = a.attnum
  where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
  order by a.attnum`

const constraints = `
  select 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) as line
  from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u', 'f', 'c', 'x')
  order by contype, conname collate "C"`

const storage = `
  select coalesce(' with (' || (select string_agg(option, ', ' order by option collate "C") from unnest(reloptions) option) || ')', '') as line
  from pg_class where oid = $1::regclass`

const indexes = `
  select pg_get_indexdef(i.indexrelid) as line
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = $1::regclass and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  order by c.relname collate "C"`

const protection = `
  select 'alter table ' || relname || ' enable row level security' as line from pg_class where oid = $1::regclass and relrowsecurity
  union all
  select 'create policy ' || quote_ident(polname) || ' on ' || $1 || ' for ' || polcmd::text || ' to '
    || (select string_agg(rolname, ', ' order by rolname) from pg_roles where oid = any (polroles))
    || coalesce(' using (' || pg_get_expr(polqual, polrelid) || ')', '') || coalesce(' with check (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
  from pg_policy where polrelid = $1::regclass
  order by 1`

const grants = `
  select 'grant ' || string_agg(lower(g.privilege_type), ', ' order by g.privilege_type) || ' on ' || $1 || ' to perdure_app' as line
  from pg_class c, aclexplode(c.relacl) g
  where c.oid = $1::regclass and g.grantee = (select oid from pg_roles where rolname = 'perdure_app')
  group by g.grantee`

const functions = `
  select pg_get_functiondef(o.oid) as definition from pg_proc o
  where o.pronamespace = 'public'::regnamespace and o.prokind in ('f', 'p') and ${own("pg_proc")}
  order by o.proname collate "C", pg_get_function_identity_arguments(o.oid) collate "C"`

const triggers = `
  select pg_get_triggerdef(o.oid) as definition from pg_trigger o join pg_class c on c.oid = o.tgrelid
  where not o.tgisinternal and c.relnamespace = 'public'::regnamespace
  order by c.relname collate "C", o.tgname collate "C"`
