// The public test sets beside the repository, as the README of their folder describes them; nothing of them is copied or downloaded.
import { existsSync, readFileSync } from "node:fs"

export interface TestDocument {
  id: string
  scope: string
  text: string
  speaker?: string
  session?: number
  time?: string
}

export interface TestQuestion {
  id: string
  scope: string
  text: string
  category?: string
}

export interface TestSet {
  documents: TestDocument[]
  /** Those that have labels. */
  questions: TestQuestion[]
  /** Ids of the documents that answer a question. */
  relevant: ReadonlyMap<string, ReadonlySet<string>>
}

/** Undefined, and said so, where the set is not there. */
export function readSet(name: "locomo" | "scifact" | "cranfield"): TestSet | undefined {
  const folder = new URL(`../../../shared/retrieval/${name}/`, import.meta.url)
  if (!existsSync(folder)) {
    console.log(`skipped: ../shared/retrieval/${name} is not here`)
    return undefined
  }
  const read = (file: string): string[] => readFileSync(new URL(file, folder), "utf8").trim().split("\n")
  const relevant = new Map<string, Set<string>>()
  for (const line of read("qrels.tsv").slice(1)) {
    const [question = "", document = "", grade = "0"] = line.split("\t")
    if (Number(grade) > 0) relevant.set(question, (relevant.get(question) ?? new Set()).add(document))
  }
  const documents = read("docs.jsonl").map((line) => JSON.parse(line) as TestDocument) // the format is that of the folder's README
  const questions = read("queries.jsonl").map((line) => JSON.parse(line) as TestQuestion)
  return { documents, questions: questions.filter(({ id }) => relevant.has(id)), relevant }
}
