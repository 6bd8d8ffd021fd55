// The matrix of golden fixtures: provider × case × request, whole answer, stream; each cell has a fixture, or a reason why there is none.
import { expect, it } from "vitest"
import { providerTypeNames } from "../../config/index.ts"
import { readFixtures, type Fixture } from "./golden.fixtures.ts"

const cases = ["text", "tools", "reasoning", "images", "structured", "refusal", "error"] as const
type Case = (typeof cases)[number]
type Part = "request" | "answer" | "stream" | "status"

/** A refusal and an error are no requests; an error comes by its status, or inside a stream. */
const partsOf: Readonly<Record<Case, readonly Part[]>> = {
  text: ["request", "answer", "stream"],
  tools: ["request", "answer", "stream"],
  reasoning: ["request", "answer", "stream"],
  images: ["request", "answer", "stream"],
  structured: ["request", "answer", "stream"],
  refusal: ["answer", "stream"],
  error: ["status", "stream"],
}

/** Words in the names of fixtures that mean a case, besides its own. */
const alsoCalled: Readonly<Partial<Record<Case, readonly string[]>>> = {
  refusal: ["filter", "safety"],
  error: ["failure", "failed"],
}

const inWords = "its models refuse in words: it has no sign for it"
const noStreamError = "it documents no error inside a stream; a stream that is cut is T9 of golden.test.ts"
const likeTheOthers = "asked by the code of gemini and anthropic, whose fixtures hold; its own fixtures show what differs"

/** Why a cell is empty: for a case, or one part of it. */
const reasons: Readonly<Record<string, string>> = {
  "ai-sdk": "packages are called as functions: ai-sdk/model.test.ts and ai-sdk/options.test.ts",
  vertex: likeTheOthers,
  "openai reasoning stream": "chat completions show no thoughts of OpenAI's",
  "azure reasoning": "chat completions show no thoughts of OpenAI's; Responses do",
  "deepseek images": "it takes no pictures",
  "tgi reasoning": "it has no place for thoughts, in or out",
  "mistral refusal": inWords,
  "groq refusal": inWords,
  "xai refusal": inWords,
  "together refusal": inWords,
  "fireworks refusal": inWords,
  "ollama refusal": inWords,
  "vllm refusal": inWords,
  "sglang refusal": inWords,
  "tgi refusal": inWords,
  "llamacpp refusal": inWords,
  "lmstudio refusal": inWords,
  "azure error stream": "as OpenAI's own",
  "mistral error stream": noStreamError,
  "xai error stream": noStreamError,
  "fireworks error stream": noStreamError,
}

/** One row for each provider, and one for OpenAI's other way. */
const rows = [
  ...providerTypeNames.map((provider) => ({ row: provider, provider: provider as string })),
  { row: "responses", provider: "openai" },
]
const fixtures = readFixtures()

/** Errors by status stand in any fixture of a provider. */
function fixturesOf({ row, provider }: (typeof rows)[number], of: Case): Fixture[] {
  const words = [of, ...(alsoCalled[of] ?? [])]
  return fixtures.filter(({ name, about, deployment, errors }) => {
    const [, , rest = ""] = /^([^:]+): (.+)$/.exec(name) ?? []
    const isResponses = deployment.dialect === "openai-responses" || name.startsWith("openai-responses:")
    return (
      about.provider === provider &&
      isResponses === (row === "responses") &&
      (words.some((word) => rest.split("-").includes(word)) || (of === "error" && errors.length > 0))
    )
  })
}

function hasPart(fixture: Fixture, of: Case, part: Part): boolean {
  if (part === "status") return fixture.errors.length > 0
  return of === "error" ? fixture.stream?.error !== undefined : fixture[part] !== undefined
}

/** The parts that a fixture shows, and those that neither one shows nor a reason names. */
function cellOf(row: (typeof rows)[number], of: Case): { shown: Part[]; missing: Part[]; excused: string[] } {
  const own = fixturesOf(row, of)
  const shown = partsOf[of].filter((part) => own.some((fixture) => hasPart(fixture, of, part)))
  const rest = partsOf[of].filter((part) => !shown.includes(part))
  const reasonOf = (part: Part): string | undefined =>
    [`${row.row} ${of} ${part}`, `${row.row} ${of}`, row.row].find((key) => reasons[key] !== undefined)
  const excused = rest.flatMap((part) => reasonOf(part) ?? [])
  return { shown, missing: rest.filter((part) => reasonOf(part) === undefined), excused }
}

const letters: Readonly<Record<Part, string>> = { request: "R", answer: "A", stream: "S", status: "E" }

it("every cell has a fixture for each of its parts, or a reason", () => {
  const missing: string[] = []
  const used = new Set<string>()
  const lines = rows.map((row) => {
    const cells = cases.map((of) => {
      const { shown, missing: absent, excused } = cellOf(row, of)
      for (const part of absent) missing.push(`${row.row} ${of} ${part}`)
      for (const key of excused) used.add(key)
      return partsOf[of]
        .map((part) => (shown.includes(part) ? letters[part] : "·"))
        .join("")
        .padEnd(11)
    })
    return `${row.row.padEnd(18)}${cells.join("")}`
  })
  process.stdout.write(
    [
      "".padEnd(18) + cases.map((each) => each.padEnd(11)).join(""),
      ...lines,
      "R request  A whole answer  S stream  E status  · a reason",
    ].join("\n") + "\n",
  )
  expect(missing).toEqual([])
  // A reason that excuses nothing is out of date.
  expect(Object.keys(reasons).filter((key) => !used.has(key))).toEqual([])
})
