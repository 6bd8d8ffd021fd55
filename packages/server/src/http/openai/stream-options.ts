// Whether a provider's refusal is about the request for usage in a stream, which this server adds.
import type { UpstreamError } from "../../inference/index.ts"

export function isUnknownStreamOption({ answer, message }: UpstreamError): boolean {
  return (answer.status === 400 || answer.status === 422) && /stream_options|include_usage/.test(`${answer.param} ${message}`)
}
