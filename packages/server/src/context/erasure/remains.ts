// What an erasure cannot reach, said plainly: where it may still be, and until when.
import type { Scrubbed, Store } from "../../store/index.ts"
import { serverRemains } from "./server-remains.ts"
import { isOfFile } from "./files.ts"
import type { ErasureCounts, ErasureTarget, Remainder, Verification } from "./types.ts"

interface Left {
  counts: ErasureCounts
  verified: Verification | undefined
  scrubbed: Scrubbed | undefined
  shortTexts: number
  /** Fingerprint of the operator's key that wraps the keys of data; null: the installation's secret does. */
  keyOutside: string | null
}

/** What a copy that still has the destroyed keys, wrapped, is good for. */
function sealedBy(keyOutside: string | null): string {
  return keyOutside === null
    ? "bodies of memories whose key was destroyed are readable with the installation's secret, which lies in the same copy; all else is readable"
    : `bodies of memories whose key was destroyed are unreadable without the key ${keyOutside}, which is not in the copy; all else is readable, as are copies from before that key was in force`
}

export function remainsOf({ engine }: Pick<Store, "engine">, target: ErasureTarget, left: Left): Remainder[] {
  const sealed = left.counts.keys > 0 ? sealedBy(left.keyOutside) : "readable"
  return [
    ...outside(sealed),
    ...(engine === "postgres" ? [...serverRemains(left.verified, left.scrubbed, sealed), cachedElsewhere] : []),
    ...freeSpace(left.scrubbed),
    ...names(target, left.counts),
    ...texts(target, left.shortTexts),
  ]
}

function outside(sealed: string): Remainder[] {
  return [
    { where: "backups and copies of the database made before", what: sealed, until: "you delete them" },
    {
      where: "what left this server before",
      what: "requests at model providers, exported traces and logs, answers that clients keep",
      until: "their own retention",
    },
    { where: "blocks of the disk that files gave back", what: "readable by who reads the raw device", until: "they are overwritten" },
  ]
}

const cachedElsewhere: Remainder = {
  where: "answers that other server processes cache in memory",
  what: "answers to the same questions",
  until: "the `ttlSeconds` of the cache",
}

function freeSpace(scrubbed: Scrubbed | undefined): Remainder[] {
  return (scrubbed?.vacuumed ?? []).map((table) => ({
    where: `free space inside of ${table}`,
    what: "bytes of deleted rows, which go into the log with the pages they are on",
    until: "they are overwritten, or `vacuum full` runs",
  }))
}

function names(target: ErasureTarget, { rows }: ErasureCounts): Remainder[] {
  const remains: Remainder[] = []
  if (target.kind === "scope" || target.kind === "subject") {
    remains.push({
      where: "scopes, changes, keys, this receipt",
      what: `the name '${target.name}', without content`,
      until: "the project is deleted",
    })
  }
  if ((rows["limit_counters"] ?? 0) > 0) {
    remains.push({
      where: "counters of limits",
      what: "how much one end user used of them, under a hash of the name, which who knows the name can check",
      until: "a day after their window, and for ever of a budget without an end",
    })
  }
  return remains
}

function texts(target: ErasureTarget, shortTexts: number): Remainder[] {
  const remains: Remainder[] = []
  if (isOfFile(target)) {
    remains.push({
      where: "other files, and what people wrote",
      what: "the same sentences, and passages of the file that were not quoted as a whole",
      until: "erased by `query`",
    })
  }
  if (shortTexts > 0) {
    remains.push({
      where: "runs and conversations that did not use the erased memory",
      what: `${shortTexts} short texts that others may have said too`,
      until: "erased by `query`",
    })
  }
  return remains
}
