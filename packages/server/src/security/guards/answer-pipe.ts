// One text of an answer on its way through the guards: in pieces, each piece held back until nothing in it can still be objected to.
import type { TextFilter } from "./types.ts"

/** What `push` and `end` give may go out; together it is the text, as the guards left it. A block is thrown. A promise is awaited before the next call. */
export interface AnswerText {
  push(text: string): string | Promise<string>
  /** `isCut`: the rest of the text will never come, so what cannot be decided without it is dropped. */
  end(isCut?: boolean): string | Promise<string>
}

export type Stage = AnswerText

type Later = string | Promise<string>

function then(value: Later, goOn: (text: string) => Later): Later {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}

export class AnswerPipe implements AnswerText {
  readonly #stages: readonly Stage[]

  constructor(stages: readonly Stage[]) {
    this.#stages = stages
  }

  push(text: string): Later {
    let out: Later = text
    for (const stage of this.#stages) out = then(out, (piece) => (piece === "" ? "" : stage.push(piece)))
    return out
  }

  end(isCut?: boolean): Later {
    let out: Later = ""
    for (const stage of this.#stages)
      out = then(out, (piece) => then(piece === "" ? "" : stage.push(piece), (before) => then(stage.end(isCut), (rest) => before + rest)))
    return out
  }
}

export class FilterStage implements Stage {
  readonly #filter: TextFilter

  constructor(filter: TextFilter) {
    this.#filter = filter
  }

  push(text: string): string {
    return this.#filter.push(text)
  }

  /** Half of what is to be taken out looks like nothing. */
  end(isCut = false): string {
    return isCut ? "" : this.#filter.end()
  }
}

/** Windows of twice what is held back, each overlapping the next by that much; without it, all of the text at its end. */
export class WindowStage implements Stage {
  readonly #check: (text: string) => Later
  readonly #holdBackChars: number
  readonly #windowChars: number
  #pending = ""

  constructor(check: (text: string) => Later, holdBackChars: number | undefined, heldCharsMax: number) {
    this.#check = check
    this.#holdBackChars = holdBackChars ?? 0
    this.#windowChars = Math.min(holdBackChars === undefined ? heldCharsMax : Math.max(1, holdBackChars * 2), heldCharsMax)
  }

  push(text: string): Later {
    this.#pending += text
    if (this.#pending.length < this.#windowChars) return ""
    return then(this.#take(), (checked) => {
      const from = Math.max(0, checked.length - this.#holdBackChars)
      this.#pending = checked.slice(from) + this.#pending
      return checked.slice(0, from)
    })
  }

  end(): Later {
    return this.#pending === "" ? "" : this.#take()
  }

  #take(): Later {
    const window = this.#pending
    this.#pending = ""
    return this.#check(window)
  }
}
