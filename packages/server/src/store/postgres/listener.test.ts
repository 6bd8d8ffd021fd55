// Tests of the listening connection over the death of its Postgres.
import { Client } from "pg"
import { expect, test } from "vitest"
import { postgresMissing, startTestPostgres } from "../../testing/postgres-server.ts"
import { PostgresListener } from "./listener.ts"

const missing = postgresMissing()

test.skipIf(missing !== undefined)(
  `a Postgres that is gone for a while is tried at growing intervals by one connection, which then tells everything once ${missing ?? ""}`,
  async () => {
    await using server = await startTestPostgres()
    const connectionString = await server.createDatabase()
    const warnings: string[] = []
    const log = (_: unknown, message: string): void => void warnings.push(message)
    await using listener = new PostgresListener({ connectionString }, { info: log, warn: log, error: log })
    const told: string[] = []
    await listener.listen("news", (payload) => told.push(payload))

    await server.kill()
    const failures = (): number => warnings.filter((each) => each.includes("can't be made yet")).length
    await expect.poll(failures, { timeout: 30_000 }).toBeGreaterThanOrEqual(4)
    await server.start()
    const notify = async (payload: string): Promise<void> => {
      const client = new Client({ connectionString })
      await client.connect()
      await client.query("select pg_notify('news', $1)", [payload])
      await client.end()
    }
    let sent = 0
    await expect
      .poll(
        async () => {
          await notify(String(sent++))
          return told.length
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBeGreaterThan(0)
    expect(told).toEqual([...new Set(told)])
    expect(warnings.filter((each) => each.includes("was lost"))).toHaveLength(1)
  },
  90_000,
)
