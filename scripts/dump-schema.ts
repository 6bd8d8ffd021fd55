// Writes packages/server/src/store/schema.sql, the schema that the migrations give; with `--check`, fails when it differs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defaultLimits } from "../packages/server/src/core/index.ts"
import { openStore } from "../packages/server/src/store/index.ts"
import { describeSchema, schemaHeader, schemaUrl } from "../packages/server/src/store/schema.ts"

const dataDirectory = mkdtempSync(join(tmpdir(), "perdure-schema-"))
try {
  await using store = await openStore({ dataDirectory, limits: defaultLimits, testing: { fsync: false } })
  const schema = schemaHeader + (await describeSchema(store.system))
  if (!process.argv.includes("--check")) writeFileSync(schemaUrl, schema)
  else if (readFileSync(schemaUrl, "utf8") !== schema) {
    console.error("store/schema.sql isn't what the migrations give: run `node scripts/dump-schema.ts` and look at the difference")
    process.exitCode = 1
  }
} finally {
  rmSync(dataDirectory, { recursive: true, force: true })
}
