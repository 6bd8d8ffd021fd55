// Changes to a body by moving bytes against the same changes to the parsed body, wherever its members stand.
import { expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { BodyBytes, joined } from "./body-bytes.ts"
import { forwardedBody, type BodyRules } from "./forwarded-body.ts"

const keys = new Set(["model", "stream", "max_tokens"])
const rules: BodyRules = { keys, edits: () => [], change: (body) => body }
const members: Readonly<Record<string, string>> = {
  model: '"m"',
  stream: "true",
  max_tokens: "5",
  messages: '[{"role":"user","content":"say \\"model\\": x, é"}]',
  anthropic_beta: '["a"]',
  metadata: '{"stream":true,"model":"inner"}',
}

it("gives the same request without the name of the model, with members taken out, changed and added", () => {
  const space = fc.constantFrom("", " ", "\n\t", " ".repeat(300))
  const body = fc.record({
    names: fc.shuffledSubarray(Object.keys(members), { minLength: 2 }).filter((names) => names.includes("model")),
    spaces: fc.array(space, { minLength: 24, maxLength: 24 }),
    cut: fc.integer({ min: 1, max: 200 }),
    removed: fc.subarray(["stream", "anthropic_beta", "metadata", "absent"]),
    set: fc.subarray(["anthropic_version", "max_tokens", "other"]),
  })
  fc.assert(
    fc.property(body, ({ names, spaces, cut, removed, set }) => {
      const at = (index: number): string => spaces[index % spaces.length] ?? ""
      const text = `{${names.map((name, index) => `${at(index)}"${name}"${at(index + 1)}:${at(index + 2)}${members[name]}${at(index + 3)}`).join(",")}}`
      const bytes = Buffer.from(text)
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)].filter(({ length }) => length > 0)
      const changes = new Map<string, string | undefined>([
        ...removed.map((name) => [name, undefined] as const),
        ...set.map((name) => [name, "new"] as const),
      ])
      const forwarded = forwardedBody(new BodyBytes(pieces), rules)
      const given = JSON.parse(text) as Record<string, unknown>
      for (const name of removed) delete given[name]
      for (const name of set) given[name] = "new"
      const sent = forwarded.forUpstream("up", changes)
      expect(JSON.parse(String(Buffer.isBuffer(sent) ? sent : joined(sent)))).toEqual({ ...given, model: "up" })
      const without = forwarded.forUpstream(null, changes)
      delete given["model"]
      expect(JSON.parse(String(Buffer.isBuffer(without) ? without : joined(without)))).toEqual(given)
    }),
    { numRuns: 300 },
  )
})
