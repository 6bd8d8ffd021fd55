// The texts of one streamed answer by name, each with its own way through the guards.
import type { AnswerText } from "../../security/index.ts"
import type { OpenText } from "./frame-filter.ts"

export type MaybeLater<T> = T | Promise<T>

export function later<T, U>(value: MaybeLater<T>, goOn: (value: T) => MaybeLater<U>): MaybeLater<U> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}

export class TextChannels {
  readonly #open: OpenText
  readonly #channels = new Map<string, AnswerText | undefined>()

  constructor(open: OpenText) {
    this.#open = open
  }

  push(name: string, text: string, json: boolean): MaybeLater<string> {
    if (!this.#channels.has(name)) this.#channels.set(name, this.#open({ json }))
    const channel = this.#channels.get(name)
    return channel ? channel.push(text) : text
  }

  /** What the channel still held. */
  end(name: string, isCut?: boolean): MaybeLater<string> {
    const channel = this.#channels.get(name)
    this.#channels.delete(name)
    return channel ? channel.end(isCut) : ""
  }

  /** Open ones whose names begin so, in the order in which they began. */
  names(prefix: string): string[] {
    return [...this.#channels.keys()].filter((name) => name.startsWith(prefix))
  }
}

/** One after another; a promise only where one of them is. */
export function inOrder<T, U>(items: readonly T[], work: (item: T) => MaybeLater<U>): MaybeLater<U[]> {
  const done: U[] = []
  const from = (index: number): MaybeLater<U[]> => {
    for (let at = index; at < items.length; at += 1) {
      const result = work(items[at] as T) // within the length
      if (result instanceof Promise) {
        return result.then((value) => {
          done.push(value)
          return from(at + 1)
        })
      }
      done.push(result)
    }
    return done
  }
  return from(0)
}
