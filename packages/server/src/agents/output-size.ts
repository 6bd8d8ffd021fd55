// How large the output of a response is as JSON while it is written: what may be kept is met where the answer grows, not after its end.
import { AppError, type JsonValue } from "../core/index.ts"

/** Of the limit of a step's output, what the items may take: the rest is for the label, the usage and the end, which stand beside them. */
const itemsShare = 15 / 16

export interface OutputSize {
  /** Throws where what is added does not fit any more. */
  add(value: JsonValue): void
}

/** `held`: the items that an earlier attempt left. */
export function outputSize(held: JsonValue, outputBytesMax: number): OutputSize {
  const bytesMax = Math.floor(outputBytesMax * itemsShare)
  let bytes = bytesOf(held)
  return {
    add: (value) => {
      bytes += bytesOf(value)
      if (bytes > bytesMax) throw tooLarge(bytesMax)
    },
  }
}

/** Of a piece of text without its quotation marks: the whole has one pair of them, however small the pieces are. */
function bytesOf(value: JsonValue): number {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  return typeof value === "string" ? bytes - 2 : bytes
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(
    "step_output_too_large",
    `The output of the response grew beyond the ${bytesMax} bytes of JSON that "limits.stepOutputBytesMax" leaves for it`,
    {
      hint: "Ask for less at once (max_output_tokens), or raise that limit in the configuration.",
    },
  )
}
