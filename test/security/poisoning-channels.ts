// The ways by which what outsiders wrote comes into memory, and the scope from which it is read afterwards.
import type { Label } from "../../packages/server/src/security/index.ts"
import type { FactOutcome, NewFact } from "../../packages/server/src/context/memory/assert-fact.ts"
import type { Entry, NewMemory } from "../../packages/server/src/context/index.ts"
import type { ResponsesServer } from "../../packages/server/src/testing/responses-server.ts"

export interface Attack {
  server: ResponsesServer
  scope: string
  text: string
  mark: string
  /** Remembers as a client does. */
  say: (text: string, more?: Partial<NewMemory>) => Promise<Entry>
  /** Writes what jobs derive. */
  conclude: (from: readonly Entry[], fact: Partial<NewFact> & { text: string }) => Promise<FactOutcome>
  /** A response with memory of the scope; the provider answers with the text. */
  respond: (input: string | object[], answer: string) => Promise<void>
}

export interface Channel {
  name: string
  /** False where a reader of the scope must not even find it. */
  isReadable?: boolean
  poison: (attack: Attack) => Promise<unknown>
}

const outsider: Label = { integrity: 0, sources: ["url:evil.example"], readers: ["proj_default"], secrets: [] }
const evidence = { source: { kind: "web", uri: "https://evil.example/page" } } as const

async function derived(attack: Attack, kind: NewFact["kind"]): Promise<void> {
  const page = await attack.say(attack.text, evidence)
  await attack.conclude([page], { kind, text: attack.text })
}

export const channels: readonly Channel[] = [
  { name: "a web page", poison: ({ say, text }) => say(text, evidence) },
  { name: "a tool's result", poison: ({ say, text }) => say(text, { role: "tool", source: { kind: "tool", uri: "mail.search" } }) },
  { name: "a file", poison: ({ say, text }) => say(text, { source: { kind: "file", uri: "file_1" } }) },
  { name: "an import", poison: ({ say, text }) => say(text, { source: { kind: "import" } }) },
  { name: "what an assistant said", poison: ({ say, text }) => say(text, { role: "assistant" }) },
  { name: "text that a user quotes", poison: ({ say, text }) => say(text, { label: outsider }) },
  { name: "a label that claims to be the user's", poison: ({ say, text }) => say(text, { label: { ...outsider, sources: ["user:ada"] } }) },
  {
    name: "claims repeated by five pages",
    poison: async ({ say, text }) => {
      for (let page = 0; page < 5; page++) await say(text, { source: { kind: "web", uri: `https://evil.example/${page}` } })
    },
  },
  { name: "a fact that was extracted", poison: (attack) => derived(attack, "fact") },
  { name: "a profile", poison: (attack) => derived(attack, "profile") },
  { name: "a procedure", poison: (attack) => derived(attack, "procedure") },
  {
    name: "a summary of a summary",
    poison: async (attack) => {
      const { say, conclude, text, server, scope } = attack
      await conclude([await say(text, evidence)], { kind: "summary", text })
      const [first] = await server.context.memories.list(
        { projectId: server.projectId, principal: server.keyId },
        { scope, kinds: ["summary"], limit: 1 },
      )
      if (first === undefined) throw new Error("no summary was made")
      await conclude([first], { kind: "timeline", text: `Earlier: ${text}` })
    },
  },
  {
    name: "a conclusion from a user's word and a page",
    poison: async ({ say, conclude, text }) => {
      const own = await say("I like the harbour.")
      await conclude([own, await say(text, evidence)], { kind: "preference", text })
    },
  },
  {
    name: "a block that was edited in a tainted run",
    poison: async ({ server, scope, text }) => {
      const author = { projectId: server.projectId, principal: server.keyId }
      const trusted: Label = { ...outsider, integrity: 3, sources: ["user:ada"] }
      await server.context.blocks.put(author, { scope, path: "notes", text: "Be kind.", label: trusted })
      await server.context.blocks.put(author, { scope, path: "notes", text: `Be kind.\n${text}`, label: outsider })
    },
  },
  {
    name: "the memory tool in a tainted run",
    poison: ({ server, scope, text }) =>
      server.context.blocks.command(
        { projectId: server.projectId, principal: server.keyId },
        { scope, command: { command: "create", path: "/memories/notes", file_text: text }, label: outsider },
      ),
  },
  {
    name: "a state",
    poison: ({ server, scope, text }) =>
      server.context.states.put(
        { projectId: server.projectId, principal: server.keyId },
        { scope, key: "cart", value: { note: text }, label: outsider },
      ),
  },
  {
    name: "a tool's result inside of a response",
    poison: ({ respond, text }) =>
      respond(
        [
          { role: "user", content: "Look it up." },
          { type: "function_call", call_id: "c1", name: "lookup", arguments: "{}" },
          { type: "function_call_output", call_id: "c1", output: `${text} (this is what was found in the archive)` },
        ],
        "Done.",
      ),
  },
  {
    name: "an answer that repeats a tool's result",
    poison: ({ respond, text }) =>
      respond(
        [
          { role: "user", content: "Look it up." },
          { type: "function_call", call_id: "c1", name: "lookup", arguments: "{}" },
          { type: "function_call_output", call_id: "c1", output: text },
        ],
        text,
      ),
  },
  {
    name: "another scope",
    isReadable: false,
    poison: ({ server, scope, text }) =>
      server.context.memories.remember(
        { projectId: server.projectId, principal: server.keyId },
        { scope: `${scope}-neighbour`, text, ...evidence },
      ),
  },
  {
    name: "questions of another user",
    isReadable: false,
    poison: async ({ server, scope, text }) => {
      const mallory = { projectId: server.projectId, principal: "key_mallory", user: "mallory" }
      await server.context.memories.remember(mallory, { scope: "user:mallory", text })
      await server.context.memories.remember(mallory, { scope, text }).then(
        () => {
          throw new Error("another user's scope took it")
        },
        () => undefined,
      )
    },
  },
]
