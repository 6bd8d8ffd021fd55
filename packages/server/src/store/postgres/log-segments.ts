// Keeps count of the write-ahead log's files that may hold old content, also where a file goes on under another name.

/** A listing of `pg_wal` and the segment that is written to. */
export interface LogFiles {
  names: readonly string[]
  writing: string
}

/**
 * All files are old at first. One is clean when it was written from its first byte to its last after that, or made anew. A checkpoint gives
 * files that nobody needs the names of segments to come, with their content: where an old file has gone, what is new may be that file.
 */
export class LogSegments {
  readonly #start: string
  readonly #old: Set<string>
  #names: ReadonlySet<string>
  #wentBefore = false
  #writing: string

  constructor({ names, writing }: LogFiles) {
    this.#start = writing
    this.#writing = writing
    this.#names = new Set(names)
    this.#old = new Set(names)
  }

  see({ names, writing }: LogFiles): void {
    const now = new Set(names)
    const went = [...this.#old].some((name) => !now.has(name))
    // A file that is renamed while the directory is read may be missed once: what went before the last listing counts, too.
    if (went || this.#wentBefore) {
      for (const name of now) if (!this.#names.has(name) && name >= writing) this.#old.add(name)
    }
    for (const name of this.#old) if (!now.has(name) || this.#isWritten(name, writing)) this.#old.delete(name)
    this.#wentBefore = went
    this.#names = now
    this.#writing = writing
  }

  /** Old files in all. */
  get old(): number {
    return this.#old.size
  }

  /** Old files that are not written to any more, and go with a checkpoint unless something needs them. */
  get kept(): string[] {
    return [...this.#old].filter((name) => !isSegment(name) || name < this.#writing)
  }

  #isWritten(name: string, writing: string): boolean {
    return isSegment(name) && name > this.#start && name < writing
  }
}

function isSegment(name: string): boolean {
  return /^[0-9A-F]{24}$/.test(name)
}
