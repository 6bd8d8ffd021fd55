// Makes the template of the embedded database (packages/server/assets/pglite-template.*): run it when the engine's version changes.
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { PGlite } from "@electric-sql/pglite"
import { NodeFS } from "@electric-sql/pglite/nodefs"
import { vector } from "@electric-sql/pglite-pgvector"
import { packDirectory } from "../packages/server/src/store/pglite/archive.ts"
import { supportedFormat, templateInfoUrl, templateUrl } from "../packages/server/src/store/pglite/directory.ts"

const scratch = mkdtempSync(join(tmpdir(), "perdure-template-"))
try {
  const directory = join(scratch, "database")
  // Locale of the code points, the same on every machine; small WAL segments, as a new one is filled with zeros before its first use.
  const initDbStartParams = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--wal-segsize=4"]
  const engine = await PGlite.create({ fs: new NodeFS(directory), extensions: { vector }, initDbStartParams })
  // Two thirds of the files belong to databases that only `create database` needs; each file costs an fsync on the first start.
  const statements = [
    "create extension vector",
    "update pg_database set datistemplate = false where datname like 'template_'",
    "drop database template0",
    "drop database template1",
    "vacuum freeze",
    "checkpoint",
  ]
  for (const statement of statements) await engine.exec(statement)
  const [version] = (await engine.query<{ postgres: string }>("select current_setting('server_version') as postgres")).rows
  await engine.close()
  const archive = packDirectory(directory)
  const format = {
    format: supportedFormat.format,
    pglite: packageVersion("@electric-sql/pglite"),
    pgvector: packageVersion("@electric-sql/pglite-pgvector"),
    postgres: version?.postgres,
    sha256: createHash("sha256").update(archive).digest("hex"),
  }
  mkdirSync(new URL(".", templateUrl), { recursive: true })
  writeFileSync(templateUrl, archive)
  writeFileSync(templateInfoUrl, `${JSON.stringify(format, null, 2)}\n`)
  console.log(`${templateUrl.pathname}: ${archive.length} bytes`, format)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function packageVersion(name: string): string {
  const resolve = createRequire(new URL("../packages/server/package.json", import.meta.url)).resolve(name)
  const root = resolve.slice(0, resolve.indexOf(name) + name.length)
  return (JSON.parse(readFileSync(join(root.length > 0 ? root : dirname(resolve), "package.json"), "utf8")) as { version: string }).version
}
