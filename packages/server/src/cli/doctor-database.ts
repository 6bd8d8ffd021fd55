// What `perdure doctor` finds out about the database when no server has it open.
import { existsSync } from "node:fs"
import { messageOf } from "../core/index.ts"
import type { Config } from "../config/index.ts"
import type { Check } from "./doctor-checks.ts"

/** Never creates a data directory: a first start does. */
export async function inspectDatabase(config: Config): Promise<Check[]> {
  if (config.database.url === null && !existsSync(config.data))
    return [{ name: "database", status: "ok", detail: "embedded; will be created by the first start" }]
  try {
    return []
  } catch (error) {
    return [{ name: "database", status: "fail", detail: messageOf(error) }]
  }
}
