// Who is next where many wait for few: whoever waits is asked in turn, so that a thousand files of one project delay another project by one file.

export class FairQueue<T> {
  readonly #waiting = new Map<string, T[]>()

  push(owner: string, item: T): void {
    const items = this.#waiting.get(owner)
    if (items) items.push(item)
    else this.#waiting.set(owner, [item])
  }

  /** The next one of the owner whose turn it is; that owner then goes to the end. */
  shift(): T | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const [owner, items] = first
    const item = items.shift()
    this.#waiting.delete(owner)
    if (items.length > 0) this.#waiting.set(owner, items)
    return item
  }

  /** Everything that waits, in no particular order; nothing waits afterwards. */
  drain(): T[] {
    const items = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    return items
  }
}
