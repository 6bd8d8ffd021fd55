// Messages that hold blocks of compaction, as what a model is to read: the last summary in place of all before it.
import type { MessagesRequest } from "./messages-schema.ts"

type Message = MessagesRequest["messages"][number]

const preface = "Summary of the conversation until here, which was compacted:"

/** The last summary stands for everything before it, as data of the user's side; blocks of compactions that failed stand for nothing. */
export function behindCompaction(messages: readonly Message[]): Message[] {
  let behind: Message[] = []
  for (const message of messages) {
    if (typeof message.content === "string") {
      behind.push(message)
      continue
    }
    const at = message.content.findLastIndex((block) => block.type === "compaction" && typeof block.content === "string")
    const block = message.content[at]
    if (block?.type === "compaction") behind = [{ role: "user", content: `${preface}\n\n${block.content ?? ""}` }]
    const rest = message.content.slice(at + 1).filter(({ type }) => type !== "compaction")
    if (rest.length > 0 || message.content.length === 0) behind.push({ ...message, content: rest })
  }
  return behind
}
