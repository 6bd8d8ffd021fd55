// Prefixed, time-ordered identifiers such as `run_0199…`: the prefix tells the kind, the rest sorts by creation.
import { randomUUIDv7 } from "node:crypto"

/** The kinds of things that carry an identifier, by their published prefix. */
export type IdPrefix =
  | "proj"
  | "run"
  | "resp"
  | "chatcmpl"
  | "msg"
  | "fc"
  | "fs"
  | "cmp"
  | "call"
  | "conv"
  | "item"
  | "file"
  | "batch"
  | "msgbatch"
  | "vs"
  | "vsf"
  | "vsfb"
  | "upload"
  | "part"
  | "chunk"
  | "era"
  | "mem"
  | "ver"
  | "src"
  | "ent"
  | "key"
  | "rev"
  | "exec"
  | "req"
  | "sess"
  | "evt"
  | "apr"

/** A function that makes a new identifier; handed in wherever one is needed, so that tests can fix it. */
export type NewId = (prefix: IdPrefix) => string

/** Whether a text has the form of an identifier that was made here; providers' own have others. */
export function isIdOf(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && ownDigits.test(text.slice(prefix.length + 1))
}

const ownDigits = /^[0-9a-f]{32}$/

/** Prefix, underscore, UUID version 7 without dashes: 32 hexadecimal digits whose first 12 are the millisecond. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomUUIDv7().replaceAll("-", "")}`
}
