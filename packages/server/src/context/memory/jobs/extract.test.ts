// What a model read belongs to the message that says it, whatever happened to the messages while it was asked.
import { expect, test } from "vitest"
import type { JsonObject } from "../../../core/index.ts"
import { startContextServer, type ContextServer } from "../../../testing/context-server.ts"
import { memoryForTests } from "../../../testing/memory-settings.ts"
import type { MemoryModel } from "./ask.ts"

const caller = { projectId: "proj_default", principal: "key_test" }
const scope = "user:meanwhile"

/** Reads where people live; `meanwhile` happens before it answers. */
function reader(meanwhile: () => Promise<unknown>): MemoryModel {
  return {
    name: "reader",
    worstMicroUsd: () => 0,
    ask: async (_caller, question) => {
      const listed = JSON.parse(question.text) as { message: number; text: string }[] // the form of our own questions
      const facts = listed.flatMap(({ message, text }): JsonObject[] => {
        const [quote, subject = "", object = ""] = /(\w+) lives in (\w+)/u.exec(text) ?? []
        const rest = { predicate: "home", single: true, kind: "fact", op: "assert", since: null, until: null }
        return quote === undefined ? [] : [{ message, quote, subject, object, statement: `${subject} lives in ${object}.`, ...rest }]
      })
      await meanwhile()
      return { text: JSON.stringify({ facts }), model: "reader", inputTokens: 1, outputTokens: 1, costMicroUsd: 0 }
    },
  }
}

async function extracted({ context }: ContextServer): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const { backlog, isBehind, endedAt } = await context.upkeep.status(caller, scope)
    return !isBehind && backlog.toExtract === 0 && endedAt !== null
  }
  await expect.poll(isDone, { timeout: 120_000 }).toBe(true)
}

test(
  "facts stay with their messages when one of the batch is forgotten and rows move while the model reads",
  { timeout: 300_000 },
  async () => {
    let meanwhile = (): Promise<unknown> => Promise.resolve()
    const settings = { ...memoryForTests.settings, quietMs: 300 }
    const memory = { ...memoryForTests, settings, extractionModel: reader(() => meanwhile()) }
    await using server = await startContextServer({ limits: { memoryUpkeepPollMs: 50 }, memory })
    const { memories } = server.context
    const say = async (text: string): Promise<string> => (await memories.remember(caller, { scope, session: "one", text })).id
    const ids: string[] = []
    meanwhile = async () => {
      meanwhile = () => Promise.resolve()
      const [first = "", second = ""] = ids
      await memories.forget(caller, first)
      await server.store.system.query("update episodes set integrity = integrity where id = $1", [second])
    }
    for (const text of ["Ada lives in Paris.", "Bea lives in Rome.", "Cleo lives in Lima.", "Dora lives in Oslo."])
      ids.push(await say(text))
    await extracted(server)
    const found = await memories.list(caller, { scope, kinds: ["fact"], limit: 10 })
    expect(found.map(({ text }) => text ?? "").sort()).toEqual(["Bea lives in Rome.", "Cleo lives in Lima.", "Dora lives in Oslo."])
    for (const { id, text } of found) {
      const { grounds } = await memories.explain(caller, id)
      expect(grounds.map(({ quote }) => `${quote}.`)).toEqual([text])
    }
  },
)
