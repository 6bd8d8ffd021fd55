// Splits a request into stages that follow each other ("… and then …") and the parts of a stage that stand beside each other ("… and …").

export interface Stage {
  whole: string
  /** The stage alone, or its parts when it can be split. */
  parts: string[]
}

/** More stages than this are not looked at. */
const stagesMax = 16

export function splitRequest(request: string): Stage[] {
  return request
    .split(/(?:[.;,]\s*|\s+)(?:and\s+)?(?:then|after that|afterwards|finally)\s*,?\s+|(?<=[.!?;])\s+(?=\p{Lu})|\n+/iu)
    .map((whole) => whole.trim())
    .filter((whole) => whole !== "")
    .slice(0, stagesMax)
    .map((whole) => ({ whole, parts: partsOf(whole) }))
}

/** `the weather in Paris and Rome` reads as `the weather in Paris`, `the weather in Rome`. */
function partsOf(stage: string): string[] {
  const pieces = stage.split(/,?\s+and\s+(?:also\s+)?|,\s+(?=\p{L})/iu).filter((piece) => piece.trim() !== "")
  if (pieces.length === 1 || pieces.length > 8) return [stage]
  const parts: string[] = []
  for (const piece of pieces) {
    const name = /^(?:in\s+|for\s+)?(\p{Lu}[\p{L}\p{M}.'’-]*(?:\s\p{Lu}[\p{L}\p{M}.'’-]*){0,2})[?.!]*$/u.exec(piece)?.[1]
    const before = parts.at(-1)
    const last =
      before === undefined
        ? null
        : /^(.*\b(?:in|for|at|of|to)\s+)\p{Lu}[\p{L}\p{M}.'’-]*(?:\s\p{Lu}[\p{L}\p{M}.'’-]*){0,2}[?.!]*$/su.exec(before)
    if (name !== undefined && before !== undefined && !last) return [stage]
    parts.push(name !== undefined && last ? `${last[1]}${name}` : piece)
  }
  return parts
}
