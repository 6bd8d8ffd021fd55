// Whether an answer, or a frame of one, says that its provider's content filter stopped it. In generated text the quotes are escaped.

const filtered = /"finish_reason"\s*:\s*"content_filter"|"stop_reason"\s*:\s*"refusal"/

export function saysFiltered(bytes: Buffer): boolean {
  return filtered.test(bytes.toString("latin1"))
}
