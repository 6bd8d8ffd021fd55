// What the synthetic set says in each language: what a person says of oneself, asks later, and all the talk between.
export type Topic = "city" | "job" | "dog" | "instrument" | "dish" | "bicycle"

interface TopicPhrases {
  values: readonly string[]
  /** `{}` is the value. */
  says: readonly string[]
  changes: string
  /** A question whose answer is the value alone. */
  asks: string
  question: string
  /** The same of a friend: `{name}` has the value `{}`. */
  friend: string
}

export interface Phrases {
  friends: readonly string[]
  topics: Readonly<Record<Topic, TopicPhrases>>
  /** An order hidden in a result of a tool; `{}` is a value. */
  directive: string
  smallTalk: readonly string[]
  replies: readonly string[]
}
