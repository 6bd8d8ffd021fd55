// What the suite reads of responses and their events.
export interface Item {
  readonly id: string
  readonly type: string
  readonly status: string
  readonly content?: readonly { readonly text: string }[]
  readonly call_id?: string
  readonly name?: string
  readonly arguments?: string
  readonly output?: string | null
}

export interface Answered {
  readonly id: string
  readonly status: string
  readonly output: readonly Item[]
  readonly error: { readonly code: string; readonly message: string } | null
  readonly incomplete_details: { readonly reason: string } | null
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number } | null
}

export interface StoredRun {
  readonly id: string
  readonly status: string
  readonly metadata: { readonly ticket?: string }
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number }
}

export interface StoredEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

export function responseOf(event: object): Answered | undefined {
  return "response" in event ? (event.response as Answered) : undefined
}
