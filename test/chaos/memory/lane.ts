// One database and the lives that work on it, one after the other: each is killed at its place, and the last one does what is left and looks at everything.
import { openTestStore, type TestEngine } from "../../../packages/server/src/testing/database.ts"
import { between, type Chance } from "../responses/chance.ts"
import { problemsOf } from "./checks.ts"
import { MemoryLife } from "./life.ts"
import type { ChildSettings, Crash, Phase, ScopedDeed } from "./protocol.ts"
import { believedAfter, canaryOf, chapterOf } from "./story.ts"

/** Which life it is, and where it is to die. */
export interface PlannedLife {
  number: number
  place: string
}

export interface LaneEnd {
  /** How often a process died where. */
  reached: Map<string, number>
  problems: string[]
  believed: Record<string, string[]> | undefined
  expected: Record<string, string[]>
}

const phases: readonly Phase[] = ["before", "inside", "uncommitted", "committed"]
const statementsMax = 12

export async function runLane(engine: TestEngine, lives: readonly PlannedLife[], chance: Chance): Promise<LaneEnd> {
  await using database = await openTestStore(engine)
  const { location } = database
  // The embedded database has one process at a time.
  if (engine === "pglite") await database.store[Symbol.asyncDispose]()
  await using standby = new Standby()
  const undone = new Map<string, ScopedDeed>()
  const live = (settings: Omit<ChildSettings, "location">): ReturnType<MemoryLife["live"]> =>
    standby.next().live({ ...settings, location }, (id) => undone.delete(id))

  const reached = new Map<string, number>()
  const chapters = lives.map(({ number, place }) => chapterOf(number, place))
  for (const [index, { number, place }] of lives.entries()) {
    const { scope = "", deeds = [] } = chapters[index] ?? {}
    for (const deed of deeds) undone.set(deed.id, deed)
    const crash = crashOf(place, number, chance)
    const own = [...undone.values()].filter((deed) => deed.scope === scope)
    const settled = await live({ crash, deeds: own, scopes: [scope], search: [], expected: {} })
    const end = `${settled === undefined ? "" : "idle instead of "}${place} ${crash.phase}`
    reached.set(end, (reached.get(end) ?? 0) + 1)
  }
  const scopes = [...new Set(chapters.map(({ scope }) => scope))]
  const search = chapters.flatMap(({ scope, words }) => words.map((word) => ({ scope, word })))
  const expected = believedAfter(lives)
  const last = await live({ crash: null, deeds: [...undone.values()], scopes, search, expected })

  await using store = await database.openAnother()
  const erased = lives.filter(({ place }) => place.startsWith("erase:"))
  const messages = chapters.reduce((sum, chapter) => sum + chapter.messages, 0)
  const canaries = erased.map(({ number }) => canaryOf(number))
  const found = await problemsOf(store.system, { messages, erasures: erased.length, canaries })
  return { reached, problems: [...found, ...(last?.unfound ?? [])], believed: last?.believed, expected }
}

function crashOf(place: string, life: number, chance: Chance): Crash {
  const phase = phases[between(chance, `phase ${life}`, 0, phases.length - 1)] ?? "before"
  return { place, phase, statements: between(chance, `statements ${life}`, 1, statementsMax) }
}

/** The next process loads while the one before it works. */
class Standby implements AsyncDisposable {
  #waiting = new MemoryLife()

  next(): MemoryLife {
    const life = this.#waiting
    this.#waiting = new MemoryLife()
    return life
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#waiting.end()
  }
}
