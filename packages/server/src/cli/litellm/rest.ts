// What is said of the members of a section that nothing has read.
import type { Section } from "./section.ts"

export type Reasons = readonly (readonly [keys: RegExp, outcome: "left-out" | "not-needed", why: string, instead?: string])[]

/** Says something of every member that nothing has read. */
export function reportRest(section: Section, reasons: Reasons): void {
  for (const key of section.unread()) {
    section.take(key)
    const [, outcome, why, instead] = reasons.find(([keys]) => keys.test(key)) ?? [
      /./,
      "left-out" as const,
      "this import does not know it",
      "Look for it in docs/reference/config.md.",
    ]
    section.report.add(outcome, section.at(key), why, instead)
  }
}
