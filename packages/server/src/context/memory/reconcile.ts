// What a new statement does to what is believed about the same thing: rules alone, no model.
import type { VersionOp } from "../../store/index.ts"

export interface Standing {
  integrity: number
  /** From when on it holds in the world. */
  since: number
  contentHash: string
  validTo: number | null
}

export interface Statement extends Standing {
  op: "assert" | "retract"
  /** It says the same in more detail. */
  refines: boolean
  /** Nothing tells whether it or what is believed holds. */
  isUnclear: boolean
}

/** `older`: it held before what is believed now. `known`: nothing new. `unheard`: it takes back what nobody believes. */
export type Verdict = VersionOp | "retract" | "known" | "older" | "unheard"

/**
 * Trust first: what is trusted less never replaces what is trusted more, it becomes a claim beside it. Then the time from which it holds.
 * `withdrawn` is what was last taken back by hand or by word, where nothing stands: an earlier or less trusted statement does not bring it back.
 */
export function reconcile(head: Standing | undefined, withdrawn: Standing | undefined, statement: Statement): Verdict {
  if (head === undefined) return withoutHead(withdrawn, statement)
  if (statement.integrity < head.integrity) {
    return statement.op === "assert" && statement.contentHash === head.contentHash ? "known" : "contradict"
  }
  if (statement.op === "retract") return statement.since < head.since ? "unheard" : "retract"
  if (statement.contentHash === head.contentHash) {
    const saysMore = statement.integrity > head.integrity || (statement.validTo !== null && statement.validTo !== head.validTo)
    return saysMore ? "refine" : "known"
  }
  if (statement.isUnclear && statement.integrity === head.integrity) return "contradict"
  if (statement.since < head.since) return "older"
  return statement.refines ? "refine" : "supersede"
}

function withoutHead(withdrawn: Standing | undefined, statement: Statement): Verdict {
  if (statement.op === "retract") return "unheard"
  if (withdrawn === undefined) return "assert"
  if (statement.integrity < withdrawn.integrity) return "contradict"
  return statement.since < withdrawn.since ? "older" : "assert"
}
