// The one error that the client throws: what the server said, with its stable code, or that it could not be reached.

interface PerdureErrorDetails {
  hint?: string | undefined
  cause?: unknown
  current?: unknown
}

/** A refused or failed call. `code` is stable (`not_found`, `permission_denied`, …), `status` is 0 when no answer came at all. */
export class PerdureError extends Error {
  override readonly name = "PerdureError"
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  /** Of a write whose precondition did not hold (`precondition_failed`): what is there; null where nothing is, undefined of all other errors. */
  readonly current: unknown

  constructor(status: number, code: string, message: string, { hint, cause, current }: PerdureErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.code = code
    this.hint = hint
    this.current = current
  }
}

/** Reads the error body that every route answers with; whatever else came is quoted by its status. */
export async function errorOf(response: Response): Promise<PerdureError> {
  const text = await response.text().catch(() => "")
  const { error: said, current } = parsed(text) ?? {}
  const message = said?.message ?? `${response.status} ${response.statusText}`.trim()
  return new PerdureError(response.status, said?.code ?? "server_error", message, { hint: said?.hint, current })
}

interface SaidError {
  message?: string
  code?: string
  hint?: string
}

function parsed(text: string): { error?: SaidError; current?: unknown } | undefined {
  try {
    // Only these three optional texts are read, and a missing one has a fallback.
    return (JSON.parse(text) as { error?: SaidError; current?: unknown } | null) ?? undefined
  } catch {
    return undefined
  }
}
