// The words of the work after a write: what is extracted from messages, and from which.

/** A message as an extractor sees it. */
export interface Message {
  episodeId: string
  text: string
  /** Who speaks; null: the user of the scope. */
  speaker: string | null
  lane: string
  saidAt: number
}

export type FactKind = "fact" | "preference" | "event"

/** What a message says, in a form that can replace what was said before. */
export interface ExtractedFact {
  /** `retract`: it is said to hold no longer, and nothing is said in its place. */
  op: "assert" | "retract"
  kind: FactKind
  /** Normalised: `user`, or a name. */
  subject: string
  /** Normalised: `home`, `favourite colour`, `opinion`. */
  predicate: string
  object: string
  /** One value at a time, or one slot for each object. */
  isSingle: boolean
  /** A sentence that can be read alone and names whom it is about. */
  text: string
  episodeId: string
  /** UTF-16 units of the quote in the message. */
  quoteStart: number
  quoteEnd: number
  validFrom: number | null
  validTo: number | null
  confidence: number
  /** Names in it, for the entities. */
  names: readonly string[]
  /** It says the same as what is believed, more exactly. */
  refines?: true
  /** It excludes what is believed, and nothing tells which of them holds. */
  isUnclear?: true
  /** Of an event: what else it is known by, however it is told. */
  eventKey?: string
}

/** The key that says what a fact replaces. */
export function slotOf({
  subject,
  predicate,
  object,
  isSingle,
  eventKey,
}: Pick<ExtractedFact, "subject" | "predicate" | "object" | "isSingle" | "eventKey">): string {
  if (eventKey !== undefined) return `${subject}/event/${eventKey}`
  return isSingle ? `${subject}/${predicate}` : `${subject}/${predicate}/${normalName(object)}`
}

/** Case, accents of width, articles and blanks do not make another name. */
export function normalName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .replace(/^(?:the|a|an|my|der|die|das|el|la|le|les|los|las) /u, "")
}
