// docs/reference/translation.md, sentence by sentence: what it says of a translation is what happens, and nothing in it is without a test.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { callOf, deploymentOf } from "./golden.fixtures.ts"
import { dialectOf } from "./index.ts"
import type { Claim, Sent } from "./translation-parts.suite.ts"
import { elsewhere, sent } from "./translation.suite.ts"

const root = join(import.meta.dirname, "..", "..", "..", "..", "..")
const page = readFileSync(join(root, "docs", "reference", "translation.md"), "utf8")

function bodyOf({ to: [provider, model], call, settings = { region: "r", project: "p", location: "l" }, dialect }: Sent): string {
  const deployment = deploymentOf({ provider, model, settings, ...(dialect ? { dialect } : {}) })
  return dialectOf(deployment).chatRequest(callOf(call), deployment, { stream: true }).body
}

interface Unit {
  section: string
  text: string
}

/** Rows, bullets, and sentences; of a list of what is left out or refused each item. */
function unitsOf(text: string): Unit[] {
  const sections = text.split(/^## /m)
  return sections.flatMap((part, index) => {
    const [heading = "", ...lines] = part.split("\n")
    const section = index === 0 ? "Everywhere" : heading
    const body = index === 0 ? part.slice(part.indexOf("Everywhere:")) : lines.join("\n")
    return body
      .split(/\n\n|\n(?=[|-])/)
      .flatMap(piecesOf)
      .map((each) => ({ section, text: each }))
  })
}

function piecesOf(block: string): string[] {
  const text = block.replaceAll(/\s+/g, " ").trim()
  if (text === "" || text === "Everywhere:" || /^\|[-| ]+\|$/.test(text) || text.startsWith("| of a call")) return []
  if (/^[|-]/.test(text)) return [text]
  return text.split(/(?<=[.:]) (?=[A-Z`])/).flatMap((sentence, position, all) => {
    if (sentence === "Left out:" || sentence === "Refused:") return []
    const isList = /^(?:Left out|Refused): /.test(sentence) || /^(?:Left out|Refused):$/.test(all[position - 1] ?? "")
    return isList ? itemsOf(sentence.replace(/^(?:Left out|Refused): /, "")) : [sentence]
  })
}

/** Commas in parentheses part nothing. */
function itemsOf(list: string): string[] {
  return list.replace(/\.$/, "").split(/, (?![^(]*\))/)
}

const units = unitsOf(page)
const claims: readonly Claim[] = [...sent, ...elsewhere]
const covers = ({ says, under }: Claim, { section, text }: Unit): boolean =>
  text.includes(says) && (under === undefined || section.startsWith(under))

describe("the page about translation", () => {
  it.each(sent)("$under $says ($to)", (claim) => {
    const { has, hasNot = [], refused } = claim
    if (refused !== undefined) {
      const message = expect.stringContaining(refused) as string
      expect(() => bodyOf(claim)).toThrow(expect.objectContaining({ code: "unsupported_value", message }))
      return
    }
    const body = bodyOf(claim)
    expect(has !== undefined || hasNot.length > 0).toBe(true)
    if (typeof has === "string") expect(body).toContain(has)
    else if (has !== undefined) expect(JSON.parse(body)).toMatchObject(has)
    expect(hasNot.filter((text) => body.includes(text))).toEqual([])
  })

  it.each(elsewhere)("$says: tested in $file", ({ file, test }) => {
    expect(readFileSync(join(root, file), "utf8")).toContain(test)
  })

  it("says nothing that no test holds it to", () => {
    expect(units.length).toBeGreaterThan(80)
    expect(units.filter((unit) => !claims.some((claim) => covers(claim, unit)))).toEqual([])
  })

  it("has whatever a test claims that it says", () => {
    expect(claims.filter((claim) => !units.some((unit) => covers(claim, unit)))).toEqual([])
  })
})
