// What all test processes of one run share: a Postgres server with a migrated database to copy, a migrated directory of the embedded engine.
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { defaultLimits } from "../core/index.ts"
import { openStore } from "../store/index.ts"
import type { SharedAnswer, SharedRequest } from "./database.ts"
import { startTestPostgres, type TestPostgres } from "./postgres-server.ts"

export interface SharedDatabases extends AsyncDisposable {
  get(request: SharedRequest): Promise<SharedAnswer>
}

export function prepareShared(directory: string): SharedDatabases {
  const answers = new Map<SharedRequest, Promise<SharedAnswer>>()
  let server: Promise<TestPostgres> | undefined
  const make = async (request: SharedRequest): Promise<SharedAnswer> => {
    if (request === "pglite") return { directory: await migratedDirectory(directory) }
    server = startTestPostgres()
    return { socketDirectory: await migratedServer(await server) }
  }
  return {
    get: (request) => {
      const known = answers.get(request)
      if (known !== undefined) return known
      const answer = make(request)
      answers.set(request, answer)
      return answer
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled(answers.values())
      await (await server?.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

/** The name of the migrated database on the shared server. */
export const headDatabase = "perdure_head"

async function migratedServer(server: TestPostgres): Promise<string> {
  const databaseUrl = await server.createDatabase({ name: headDatabase })
  await using _store = await openStore({ databaseUrl, limits: defaultLimits })
  return server.directory
}

async function migratedDirectory(directory: string): Promise<string> {
  const dataDirectory = join(directory, "pglite-head")
  mkdirSync(dataDirectory)
  await using _store = await openStore({ dataDirectory, limits: defaultLimits, testing: { fsync: false } })
  return dataDirectory
}
