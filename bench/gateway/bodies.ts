// The requests that are sent, as whole HTTP requests: conversations of about 1, 20 and 200 KB, a stream, embeddings.
import type { Target } from "./targets/target.ts"

export const models = { chat: "gpt-4o-mini", chatUpstream: "gpt-4o-mini-2024-07-18", embedding: "text-embedding-3-small" } as const

export type BodyName = keyof typeof bodies

export const bodies = {
  chat1: chatBody(1_000, false),
  chat20: chatBody(20_000, false),
  chat200: chatBody(200_000, false),
  stream: chatBody(1_000, true),
  embedding: JSON.stringify({ model: models.embedding, input: ["the quick brown fox jumps over the lazy dog"] }),
} as const

/** As the official client sends it. */
export function requestText({ port, headers }: Target, name: BodyName): string {
  const text = bodies[name]
  const path = name === "embedding" ? "/v1/embeddings" : "/v1/chat/completions"
  const all = {
    host: `127.0.0.1:${port}`,
    "user-agent": "OpenAI/JS 7.57.0",
    accept: "application/json",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  }
  const lines = Object.entries(all).map(([header, value]) => `${header}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`
}

/** With quotes, line ends and letters beyond ASCII, as real texts have them; longer messages in longer conversations. */
function chatBody(sizeBytes: number, stream: boolean): string {
  const messages: object[] = [{ role: "system", content: "You are a helpful assistant. Answer briefly and precisely." }]
  const body = {
    model: models.chat,
    temperature: 0.2,
    max_tokens: 256,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    messages,
  }
  const lines = Math.min(12, Math.max(1, Math.floor(sizeBytes / 1_500)))
  for (let turn = 1; JSON.stringify(body).length < sizeBytes; turn += 1) {
    const line = `Line "${turn}" of the conversation, with some\nescapes é and words to fill. `
    messages.push({ role: turn % 2 === 1 ? "user" : "assistant", content: line.repeat(lines) })
  }
  return JSON.stringify(body)
}
