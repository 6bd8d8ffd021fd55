// What `perdure doctor` finds out about the database when no server has it open: can it be opened, is its schema at head, has it vectors.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { AppError, messageOf } from "../core/index.ts"
import { databaseDirectory, type Config } from "../config/index.ts"
import { openStore } from "../store/index.ts"
import type { Check } from "./doctor-checks.ts"

/** Looks and changes nothing: neither makes a data directory nor migrates one. */
export async function inspectDatabase(config: Config): Promise<Check[]> {
  const databaseUrl = config.database.url?.reveal()
  const isEmbedded = databaseUrl === undefined
  if (isEmbedded && !existsSync(join(databaseDirectory(config), "database"))) {
    return [{ name: "database", status: "ok", detail: "embedded; the first start makes it" }]
  }
  try {
    await using store = await openStore({ dataDirectory: databaseDirectory(config), databaseUrl, limits: config.limits, migrate: "check" })
    await store.ping()
    const { serverVersion, vector } = store.capabilities
    return [
      { name: "database", status: "ok", detail: `${isEmbedded ? "embedded Postgres" : "Postgres"} ${serverVersion}, schema at head` },
      vector
        ? { name: "pgvector", status: "ok", detail: "installed" }
        : {
            name: "pgvector",
            status: "warn",
            detail: "not installed: search works by words alone",
            next: "install pgvector on the server, then start again",
          },
    ]
  } catch (error) {
    return [faultOf(error)]
  }
}

function faultOf(error: unknown): Check {
  const hint = error instanceof AppError ? error.hint : undefined
  if (error instanceof AppError && error.code === "migration_required") {
    return { name: "database", status: "warn", detail: messageOf(error), next: "perdure start   (brings the schema to head)" }
  }
  return {
    name: "database",
    status: "fail",
    detail: messageOf(error),
    next: hint ?? "check that the database runs and DATABASE_URL is right",
  }
}
