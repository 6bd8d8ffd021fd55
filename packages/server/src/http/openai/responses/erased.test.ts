// What was erased is not in what responses seal for their clients either: reasoning, and the window of a compaction.
import { afterAll, beforeAll, expect, it } from "vitest"
import { clientTextOpener, openSealer } from "../../../security/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, send } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

let provider: FakeProvider
let server: ResponsesServer
const secret = "The code word of the safe is harvest moon rising"

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** What stands in everything sealed that the tables of the log hold, what is sealed in it included. */
async function sealedTexts(): Promise<string[]> {
  const open = clientTextOpener(await openSealer(server.store), server.projectId)
  const texts: string[] = []
  const look = (text: string): void => {
    for (const [sealed] of text.matchAll(/pds1\.[\w-]+/g)) {
      const opened = open(sealed)
      if (opened === undefined) continue
      texts.push(opened)
      look(opened)
    }
  }
  for (const table of ["runs", "run_events"]) {
    for (const { row } of await server.store.system.query<{ row: string }>(`select t::text as row from ${table} t`)) look(row)
  }
  return texts
}

it("an erasure looks into sealed reasoning and sealed windows, and a chain goes on without them", { timeout: 120_000 }, async () => {
  const caller = { projectId: server.projectId, principal: server.keyId }
  const client = openAiClient(server)
  await server.context.memories.remember(caller, { scope: "safe", text: secret })
  const long = "The report says much about little. ".repeat(200)
  provider.next({ text: "They spoke of a safe." }, { reasoning: `I know that: ${secret}.`, text: "Understood." })
  const body = {
    model: "fake-model",
    context_management: [{ type: "compaction", compact_threshold: 1_000 }],
    input: [
      { role: "user", content: `${secret}.` },
      { role: "assistant", content: long },
      { role: "user", content: "Remember it." },
    ],
  }
  const { json } = await send(server, "POST", "/v1/responses", body)
  expect((json["output"] as { type: string }[]).map(({ type }) => type)).toEqual(["compaction", "reasoning", "message"])
  provider.next({ text: "Yes." })
  const harmless = await client.responses.create({ model: "fake-model", input: "Is it late?" })
  const before = await sealedTexts()
  expect(before.filter((text) => text.includes(secret)).length).toBeGreaterThan(1)

  const signal = AbortSignal.timeout(60_000)
  const { id } = await server.context.erasures.start(caller, { target: { kind: "scope", name: "safe" }, dryRun: false }, signal)
  await expect.poll(() => server.context.erasures.get(server.projectId, id), { timeout: 100_000 }).toMatchObject({ status: "completed" })

  expect((await sealedTexts()).filter((text) => text.includes(secret))).toEqual([])
  provider.next({ text: "No." })
  await client.responses.create({ model: "fake-model", input: "What is the word?", previous_response_id: json["id"] as string })
  const sent = JSON.stringify(provider.last?.body)
  expect(sent).not.toContain("harvest moon")
  expect(sent).toContain("Remember it.")
  expect((await client.responses.retrieve(harmless.id)).output_text).toBe("Yes.")
})
