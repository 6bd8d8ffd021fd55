// DBOS Transact: a workflow of five steps that do nothing.
import { DBOS } from "@dbos-inc/dbos-sdk"
import { drive } from "./drive.mjs"

const [url] = process.argv.slice(2)
DBOS.setConfig({ name: "bench", systemDatabaseUrl: url, systemDatabasePoolSize: 20, runAdminServer: false, logLevel: "error" })
const five = DBOS.registerWorkflow(
  async () => {
    let sum = 0
    for (let i = 0; i < 5; i += 1) sum += await DBOS.runStep(async () => i, { name: `add${i}` })
    return sum
  },
  { name: "five" },
)
await DBOS.launch()
drive(async () => (await DBOS.startWorkflow(five)()).getResult())
