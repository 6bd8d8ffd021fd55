// W3C trace context: what a caller's `traceparent` says, and the one that is answered.

const shape = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/
const zeroTrace = "0".repeat(32)
const zeroSpan = "0".repeat(16)

export interface TraceContext {
  traceId: string
  /** The caller's span. */
  parentId: string
  flags: string
}

export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const [, traceId, parentId, flags] = shape.exec(header ?? "") ?? []
  if (traceId === undefined || parentId === undefined || flags === undefined || traceId === zeroTrace || parentId === zeroSpan)
    return undefined
  return { traceId, parentId, flags }
}

/** The header that names our span in the caller's trace; the span's id is the random end of the request's id. */
export function answeredTraceparent(header: string | undefined, requestId: string): string | undefined {
  const parent = parseTraceparent(header)
  if (!parent) return undefined
  return `00-${parent.traceId}-${requestId
    .slice(-16)
    .padStart(16, "0")
    .replaceAll(/[^0-9a-f]/g, "0")}-${parent.flags}`
}
