// How memory is put into words: levels of trust, ends of versions, why a candidate was left out.
import type { Memory, MemorySearch, Source } from "@perdure/client"

const trusts = ["anyone’s text", "curated", "the system’s", "a user’s own word"] as const

/** Of a label's integrity, 0 to 3. */
export function trustText(integrity: number): string {
  return trusts[integrity] ?? `integrity ${integrity}`
}

/** Whose word an entry is: only what a person said is a person's, however much is trusted what a model or a rule made of it. */
export function wordText({ label: { integrity }, lane, versionId }: Pick<Memory, "lane" | "versionId"> & Levelled): string {
  if (lane === "assistant") return `a model’s words, after ${trustText(integrity)}`
  return versionId === null ? trustText(integrity) : `rests on ${trustText(integrity)}`
}

export function sourceText({ label: { integrity }, kind }: Pick<Source, "kind"> & Levelled): string {
  return kind === "agent" ? `a model’s words, after ${trustText(integrity)}` : trustText(integrity)
}

interface Levelled {
  label: { integrity: number }
}

const ends: Readonly<Record<NonNullable<Memory["endedBy"]>, string>> = {
  refine: "put more precisely",
  supersede: "superseded",
  retract: "retracted",
  revoke: "its source was revoked",
  redact: "redacted",
  expire: "lapsed",
}

/** Null of what is believed still. */
export function endText({ endedBy }: Pick<Memory, "endedBy">): string | null {
  return endedBy === null ? null : ends[endedBy]
}

type Reason = MemorySearch["leftOut"][number]["reason"]

const reasons: Partial<Record<Reason, string>> = {
  superseded: "a newer version stands in its place",
  retracted: "it was retracted",
  revoked: "its source was revoked",
  redacted: "its text was taken away",
  expired: "it lapsed, or its time of keeping is over",
  unreadable: "its key was destroyed",
  not_yet_recorded: "it was not known then",
  not_valid_then: "it does not hold at that time",
  level: "it is trusted less than was asked for",
  directive: "it asks for behaviour, and is trusted too little for that",
  lane: "it is of another kind than was asked for",
  outside_time: "it is of another time than the question names",
  same_text: "another result says the same",
  near_duplicate: "another result says nearly the same",
  shown: "it stands before the model anyway",
  repeats: "it only repeats what had been recalled",
  quoted_by_fact: "a fact that was found quotes it in full",
  outranked: "others were closer",
  budget: "it did not fit into the tokens",
}

export function reasonText(reason: Reason): string {
  return reasons[reason] ?? reason.replaceAll("_", " ")
}

/** `yes`: what can be done with an entry, given what has become of it. */
export function canDecide({ text, endedBy }: Pick<Memory, "text" | "endedBy">): boolean {
  return text !== null && endedBy === null
}
