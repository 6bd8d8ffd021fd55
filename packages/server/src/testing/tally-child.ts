// A process that has calls under way until it is killed: `node tally-child.ts <directory>`; prints a line when they are counted.
import { openTally } from "../accounting/index.ts"
import { sleep, systemClock } from "../core/index.ts"

const tally = openTally({ directory: process.argv[2] ?? "", isOnlyProcess: false, clock: systemClock, onError: () => undefined })
for (let count = 0; count < 10; count += 1) tally.callBegan()
for (let count = 0; count < 3; count += 1) tally.callEnded()
tally.recordsWait(3)
await sleep(100)
process.stdout.write("counted\n")
setInterval(() => undefined, 60_000)
