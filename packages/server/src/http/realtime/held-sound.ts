// The sound of answers, kept until its transcript has passed the guards: the protocol does not say which words a piece of it has, so all of a part waits.
import { AppError } from "../../core/index.ts"
import type { Frame } from "./guarded.ts"

interface Held {
  readonly owner: string | undefined
  readonly frames: Frame[]
}

export class HeldSound {
  readonly #bytesMax: number
  readonly #held = new Map<string, Held>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  hold(place: string, owner: string | undefined, frame: Frame): void {
    this.#bytes += frame.length
    if (this.#bytes > this.#bytesMax) throw tooMuch(this.#bytesMax)
    const known = this.#held.get(place)
    if (known) known.frames.push(frame)
    else this.#held.set(place, { owner, frames: [frame] })
  }

  /** What was held of that part, in its order. */
  release(place: string): readonly Frame[] {
    const held = this.#held.get(place)
    if (!held) return []
    this.#held.delete(place)
    for (const { length } of held.frames) this.#bytes -= length
    return held.frames
  }

  /** Of an answer that is over. Whether there was some. */
  drop(owner: string): boolean {
    const places = [...this.#held].flatMap(([place, held]) => (held.owner === owner ? [place] : []))
    for (const place of places) this.release(place)
    return places.length > 0
  }
}

/** Pieces of it, and that a part has no more. */
export function isSound(text: string): boolean {
  return /"type"\s*:\s*"response\.(?:output_)?audio\.(?:delta|done)"/.test(text)
}

export function withoutTranscript(responseId: string): AppError {
  return new AppError(
    "content_blocked",
    `the sound of the answer "${responseId}" came without a transcript, so no guard could look at it`,
    {
      hint: "Ask for transcripts of what is said, or leave realtime sessions out of that guard (when.endpoints).",
    },
  )
}

function tooMuch(bytesMax: number): AppError {
  return new AppError(
    "content_blocked",
    `the sound of an answer waits for its transcript to pass the guards, and there was more than ${bytesMax} bytes of it`,
    { hint: 'The limit is "realtimeHeldSoundBytesMax" of the configuration; guards leave sessions alone by when.endpoints.' },
  )
}
