// What `perdure doctor` finds out about the database when no server has it open: can it be opened, is its schema at head, has it vectors.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { AppError, messageOf } from "../core/index.ts"
import { databaseDirectory, type Config } from "../config/index.ts"
import { openStore, type ScrubReach } from "../store/index.ts"
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
      ...(isEmbedded ? [] : [erasureCheck(await store.scrubber.reach())]),
    ]
  } catch (error) {
    return [faultOf(error)]
  }
}

/** Whether an erasure leaves nothing in the server's log, and can prove it. */
export function erasureCheck({ clears, reads, grants, heldBy }: ScrubReach): Check {
  const name = "erasure"
  if (clears && reads && heldBy.length === 0)
    return { name, status: "ok", detail: "can clear the write-ahead log of this server, and search its files" }
  const detail = [
    ...(clears
      ? []
      : ["erased text that stood in plain stays in the write-ahead log until the server writes over it: this role may not clear it"]),
    ...(clears && !reads ? ["the write-ahead log can be cleared, but this role may not search the server's files for what is left"] : []),
    ...heldBy.map((holder) => `${holder} keeps old log`),
  ].join("; ")
  const next = grants.length === 0 ? "docs/how-to/erase-data.md" : `as a superuser, in this database: ${grants.join(" ")}`
  return { name, status: clears && heldBy.length === 0 ? "ok" : "warn", detail, next }
}

function faultOf(error: unknown): Check {
  const hint = error instanceof AppError ? error.hint : undefined
  // Of an older version: the start migrates it. What a newer version or another engine wrote has no such way.
  if (error instanceof AppError && error.code === "migration_required" && hint?.includes("perdure migrate") === true) {
    return { name: "database", status: "warn", detail: messageOf(error), next: "perdure start   (brings the schema to head)" }
  }
  return {
    name: "database",
    status: "fail",
    detail: messageOf(error),
    next: hint ?? "check that the database runs and DATABASE_URL is right",
  }
}
