// A process that writes to the change log of one scope from several connections at once, some of it rolled back; prints what it committed.
import { recordedChanges } from "./changes-writer.ts"
import { defaultLimits } from "../core/index.ts"
import { openStore } from "../store/index.ts"

const [databaseUrl = "", name = "", count = "0"] = process.argv.slice(2)
const store = await openStore({ databaseUrl, limits: defaultLimits })
const committed = await recordedChanges(store, { name, scope: "team:race", count: Number(count), atOnce: 4 })
process.stdout.write(JSON.stringify(committed))
await store[Symbol.asyncDispose]()
