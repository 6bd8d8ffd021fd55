// The version that a writer has seen: what a write goes out from, and the two ways on where somebody was faster.
import type { Block, Expected, State } from "@perdure/client"
import { useState } from "react"
import { conflictOf } from "../../lib/scoped-look.ts"

export interface SeenOptions<Entry> {
  /** Absent: a new one. */
  entry: Entry | undefined
  put: { error: Error | null; reset: () => void }
  send: (seen: Expected) => void
  /** Puts what is there into the fields. */
  take: (current: Entry) => void
}

export interface Seen<Entry> {
  expected: Expected
  /** What is there instead, null where it was taken away; undefined while nobody was faster. */
  conflict: Entry | null | undefined
  onTheirs: () => void
  onMine: () => void
}

export function useSeen<Entry extends Block | State>({ entry, put, send, take }: SeenOptions<Entry>): Seen<Entry> {
  const [expected, setExpected] = useState<Expected>(entry ? { version: entry.version } : "absent")
  const conflict = conflictOf(put.error) as Entry | null | undefined // what was refused is of the sort that is written
  return {
    expected,
    conflict,
    onTheirs: () => {
      if (!conflict) return
      take(conflict)
      setExpected({ version: conflict.version })
      put.reset()
    },
    onMine: () => {
      const seen: Expected = conflict ? { version: conflict.version } : "absent"
      setExpected(seen)
      send(seen)
    },
  }
}
