// Poisoned memory in chat completions and messages: what outsiders wrote never stands where a model takes instructions from, and always between fences.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startPerdureServer, type PerdureServer } from "../../packages/server/src/testing/perdure-server.ts"
import { payloads } from "./poisoning-payloads.ts"

const question = "What is the harbour schedule?"
let server: PerdureServer

beforeAll(async () => {
  const calls = `{ scopes: ["user:{user}"], remember: false, required: true }`
  server = await startPerdureServer(
    "pglite",
    `limits: { memoryWaitMsMax: 60000 }\nmemory: { extraction: { enabled: false }, calls: [${calls}] }`,
  )
})
afterAll(() => server[Symbol.asyncDispose]())

async function post(path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
}

interface Part {
  role: string
  text: string
}

/** Every text that the provider got, with the role that it has there. */
function received(): Part[] {
  const { system, messages } = (server.provider.last?.body ?? {}) as { system?: unknown; messages?: { role: string; content: unknown }[] }
  const texts = (content: unknown): string[] =>
    typeof content === "string" ? [content] : Array.isArray(content) ? (content as { text?: string }[]).map(({ text }) => text ?? "") : []
  const said = (messages ?? []).flatMap(({ role, content }) => texts(content).map((text) => ({ role, text })))
  return [...texts(system).map((text) => ({ role: "system", text })), ...said]
}

const opening = /<(memory|block)\s([^>]*)>/gu

function expectQuoted(mark: string): void {
  const found = received().filter(({ text }) => text.includes(mark))
  expect(found.length).toBeGreaterThan(0)
  for (const { role, text } of found) {
    expect(role).toBe("user")
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      const before = [...text.slice(0, at).matchAll(opening)].at(-1)
      expect(before?.[2]).toContain('level="0"')
      expect(text.slice((before?.index ?? 0) + (before?.[0].length ?? 0), at)).not.toMatch(/<\s*\/?\s*(?:memory|block)\b/iu)
      expect(text.indexOf(`</${before?.[1] ?? ""}>`, at)).toBeGreaterThan(at)
    }
  }
}

describe.each(payloads)("carrying $name", (payload) => {
  it("a page and a model's note are quoted as data of the lowest trust in both dialects, or are not there at all", async () => {
    const mark = `zqc${payloads.indexOf(payload)}x`
    const user = `case-${payloads.indexOf(payload)}`
    const scope = `user:${user}`
    const source = { kind: "web", uri: "https://evil.example/page" }
    await post("/v1/memories", { scope, text: `The harbour schedule: ${mark}`, source })
    await post("/v1/memories", { scope, text: payload.text(mark), source })
    await post(`/v1/blocks/${scope}`, { command: "create", path: "/memories/note", file_text: payload.text(mark) })
    await post("/v1/chat/completions", {
      model: "fake",
      user,
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: question },
      ],
    })
    expectQuoted(mark)
    const asked = { model: "claude", max_tokens: 9, system: "Be kind.", metadata: { user_id: user } }
    await post("/v1/messages", { ...asked, messages: [{ role: "user", content: question }] })
    expectQuoted(mark)
  })
})
