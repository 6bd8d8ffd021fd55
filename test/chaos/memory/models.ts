// Models for the child: they answer in the form that they are asked in, by patterns of what the story says.
import type { MemoryModel, ModelAnswer } from "../../../packages/server/src/context/memory/jobs/ask.ts"

interface Listed {
  message: number
  text: string
}

interface Reading {
  subject: string
  predicate: string
  object: string
  statement: string
  single: boolean
  kind: "fact" | "preference"
}

const readings: readonly { pattern: RegExp; read: (found: readonly string[]) => Reading }[] = [
  {
    pattern: /I live in (\w+)/u,
    read: ([, city = ""]) => ({
      subject: "user",
      predicate: "home",
      object: city,
      statement: `The user lives in ${city}.`,
      single: true,
      kind: "fact",
    }),
  },
  {
    pattern: /I love (\w+ number \d+)/u,
    read: ([, drink = ""]) => ({
      subject: "user",
      predicate: "likes",
      object: drink,
      statement: `The user likes ${drink}.`,
      single: false,
      kind: "preference",
    }),
  },
  {
    pattern: /(\w+)'s birthday is (\d+ May)/u,
    read: ([, name = "", day = ""]) => ({
      subject: name,
      predicate: "birthday",
      object: day,
      statement: `${name} has the birthday ${day}.`,
      single: true,
      kind: "fact",
    }),
  },
  {
    pattern: /The hobby of (\w+) is (\w+)/u,
    read: ([, name = "", hobby = ""]) => ({
      subject: name,
      predicate: "hobby",
      object: hobby,
      statement: `${name} has the hobby ${hobby}.`,
      single: true,
      kind: "fact",
    }),
  },
  {
    pattern: /My old dog is called (\w+)/u,
    read: ([, dog = ""]) => ({
      subject: "user",
      predicate: "dog",
      object: dog,
      statement: `The user's dog is called ${dog}.`,
      single: false,
      kind: "fact",
    }),
  },
]

function factsOf({ message, text }: Listed): object[] {
  return readings.flatMap(({ pattern, read }) => {
    const found = pattern.exec(text)
    return found === null ? [] : [{ ...read([...found]), message, quote: found[0], op: "assert", since: null, until: null }]
  })
}

function modelOf(name: string, answer: (listed: readonly Listed[]) => object): MemoryModel {
  return {
    name,
    worstMicroUsd: () => 10,
    ask: (_caller, question): Promise<ModelAnswer> => {
      const text = JSON.stringify(answer(JSON.parse(question.text) as Listed[])) // the form of our own questions
      return Promise.resolve({ text, model: name, inputTokens: 10, outputTokens: 10, costMicroUsd: 1 })
    },
  }
}

export const extractionModel = modelOf("reader", (listed) => ({ facts: listed.flatMap(factsOf) }))

export const summaryModel = modelOf("writer", (listed) => ({
  sentences: [{ text: `Of ${listed.length} messages, the first says: ${listed[0]?.text ?? ""}`, from: [0] }],
}))
