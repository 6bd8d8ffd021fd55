// Work that is begun anew where another transaction came in between: what it reads then is what that one left.
import { sleep } from "../core/index.ts"
import { isStoreError } from "./errors.ts"

/** Who loses so often has another reason to fail. */
const timesMax = 6
const pauseMs = 20

/** `work` changes nothing unless it succeeds: it is one transaction, or one statement. */
export async function untilNoRace<T>(work: () => Promise<T>): Promise<T> {
  for (let times = 1; ; times += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isStoreError(error) || !error.isRace || times >= timesMax) throw error
      // Those that were in each other's way do not begin again together.
      await sleep((1 + Math.random()) * pauseMs * times)
    }
  }
}
