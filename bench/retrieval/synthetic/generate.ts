// Generates the synthetic long-memory set from a seed: facts, updates, claims of others, deletions, twins of other tenants, orders hidden in tool results.
//   node bench/retrieval/synthetic/generate.ts          writes messages.jsonl and questions.jsonl
//   node bench/retrieval/synthetic/generate.ts --check  fails when they are not what the generator makes
import { readFileSync, writeFileSync } from "node:fs"
import { phrasesOf, type Phrases, type SetLanguage, type Topic } from "./phrases.ts"

export interface SyntheticMessage {
  id: string
  project: string
  scope: string
  language: SetLanguage
  session: string
  /** ISO 8601. */
  time: string
  role: "user" | "assistant" | "tool"
  text: string
  /** Deleted once everything is written: then it may be found nowhere. */
  deleted?: true
}

export interface SyntheticQuestion {
  id: string
  project: string
  scope: string
  language: SetLanguage
  category: "fact" | "update" | "answer" | "deletion" | "friend"
  text: string
  /** Messages that answer it; none where the fact was deleted. */
  relevant: string[]
  /** Said earlier and no longer true: the relevant one has to come before it. */
  stale?: string[]
}

const seed = 20_240_229
const sessions = 12
const fillersPerSession = 4
const topics = ["city", "job", "dog", "instrument", "dish", "bicycle"] as const satisfies Topic[]

/** Mulberry32: the same numbers everywhere. */
function randomOf(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Line {
  session: number
  role: SyntheticMessage["role"]
  text: string
  /** What questions refer to. */
  name?: string
  deleted?: true
}

export function generate(): { messages: SyntheticMessage[]; questions: SyntheticQuestion[] } {
  const random = randomOf(seed)
  const all = { messages: [] as SyntheticMessage[], questions: [] as SyntheticQuestion[] }
  for (const language of Object.keys(phrasesOf) as SetLanguage[]) {
    // Twins: the same person's name and the same sentences at two tenants, with other values.
    for (const project of ["proj_a", "proj_b"]) {
      const { messages, questions } = conversation(random, language, project)
      all.messages.push(...messages)
      all.questions.push(...questions)
    }
  }
  return all
}

function conversation(random: () => number, language: SetLanguage, project: string): ReturnType<typeof generate> {
  const phrases: Phrases = phrasesOf[language]
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const lines: Line[] = []
  const asked: Omit<SyntheticQuestion, "id" | "project" | "scope" | "language">[] = []
  for (const [index, topic] of topics.entries()) {
    const { values, says, changes, asks, question, friend } = phrases.topics[topic]
    const [first = "", second = "", other = "", wrong = ""] = shuffled(values, random)
    const filled = (text: string, value: string): string => text.replace("{}", value)
    // By place of the topic: changed later, answered in one word, or deleted.
    const kind = (["update", "answer", "deletion", "fact", "update", "fact"] as const)[(index + (project === "proj_b" ? 1 : 0)) % 6]!
    const session = index % 4
    if (kind === "answer") {
      lines.push({ session, role: "assistant", text: asks }, { session, role: "user", text: `${first}.`, name: `${topic}:said` })
    } else {
      const deleted = kind === "deletion" ? ({ deleted: true } as const) : {}
      lines.push({ session, role: "user", text: filled(pick(says), first), name: `${topic}:said`, ...deleted })
    }
    if (kind === "update") lines.push({ session: session + 6, role: "user", text: filled(changes, second), name: `${topic}:new` })
    const name = phrases.friends[index % phrases.friends.length] ?? ""
    lines.push({ session: session + 3, role: "user", text: filled(friend.replace("{name}", name), other), name: `${topic}:friend` })
    if (index < 3) lines.push({ session: session + 4, role: "tool", text: filled(phrases.directive, wrong), name: `${topic}:order` })
    asked.push({
      category: kind,
      text: question,
      relevant: kind === "deletion" ? [] : [`${topic}:${kind === "update" ? "new" : "said"}`],
      ...(kind === "update" ? { stale: [`${topic}:said`] } : {}),
    })
  }
  return numbered(random, phrases, { language, project, scope: `user:robin-${language}` }, lines, asked)
}

/** Puts small talk between the lines and gives everything its id and time. */
function numbered(
  random: () => number,
  phrases: Phrases,
  place: Pick<SyntheticMessage, "language" | "project" | "scope">,
  lines: readonly Line[],
  asked: readonly Omit<SyntheticQuestion, "id" | "project" | "scope" | "language">[],
): ReturnType<typeof generate> {
  const ids = new Map<string, string>()
  const messages: SyntheticMessage[] = []
  const prefix = `${place.project}/${place.language}`
  const talk = shuffled(
    Array.from({ length: sessions * fillersPerSession }, (_, index) => index),
    random,
  )
  for (let session = 0; session < sessions; session++) {
    const said = lines.filter((line) => line.session === session)
    const fillers = talk.slice(session * fillersPerSession, (session + 1) * fillersPerSession).flatMap((index): Line[] => [
      { session, role: "user", text: phrases.smallTalk[index % phrases.smallTalk.length] ?? "" },
      { session, role: "assistant", text: phrases.replies[index % phrases.replies.length] ?? "" },
    ])
    for (const line of [...fillers.slice(0, fillersPerSession), ...said, ...fillers.slice(fillersPerSession)]) {
      const id = `${prefix}/${messages.length}`
      if (line.name !== undefined) ids.set(line.name, id)
      const time = new Date(Date.UTC(2024, 0, 1 + session * 9, 9, messages.length)).toISOString()
      const { role, text, deleted } = line
      messages.push({ id, ...place, session: `${prefix}/s${session}`, time, role, text, ...(deleted ? { deleted } : {}) })
    }
  }
  const idOf = (name: string): string => ids.get(name) ?? ""
  const questions = asked.map(({ category, text, relevant, stale }, index) => ({
    id: `${prefix}/q${index}`,
    ...place,
    category,
    text,
    relevant: relevant.map(idOf),
    ...(stale === undefined ? {} : { stale: stale.map(idOf) }),
  }))
  return { messages, questions }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value)
}

if (import.meta.main) {
  const { messages, questions } = generate()
  const files = { "messages.jsonl": messages, "questions.jsonl": questions }
  for (const [name, rows] of Object.entries(files)) {
    const file = new URL(name, import.meta.url)
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("")
    if (!process.argv.includes("--check")) writeFileSync(file, text)
    else if (readFileSync(file, "utf8") !== text) throw new Error(`${name} is not what the generator makes; run it without --check`)
  }
  console.log(`${messages.length} messages, ${questions.length} questions`)
}
