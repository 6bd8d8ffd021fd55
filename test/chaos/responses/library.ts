// What the searched responses search: one document, and what the extractive model says about it when nobody disturbs it.
import { openAiClient } from "../../../packages/server/src/testing/response-client.ts"
import { searchQuestions } from "./trips.ts"
import type { Target } from "./wire.ts"

const document = `# The keep

The seals of the north gate last for seven years. They are renewed in spring, when the frost has left the stones.
After the third renewal the stones are replaced as well. The smith keeps a list of every seal.

The archive is closed at night. Only the keeper and her deputy may open the archive at night, and both sign the book.
Whoever finds the archive open tells the keeper at once. The book lies beside the door.

After a storm each lantern is taken down and dried. A lantern that leaks after a storm goes to the smith, who returns it within nine days.
Oil for the lanterns comes from the valley. The lamplighter counts the lanterns each evening.
`

export async function prepareSearch(server: Target): Promise<{ storeId: string; undisturbed: Map<string, string> }> {
  const client = openAiClient(server)
  const file = await client.files.create({ file: new File([document], "keep.md", { type: "text/markdown" }), purpose: "assistants" })
  const store = await client.vectorStores.create({ name: "keep" })
  await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 100 })
  const undisturbed = new Map<string, string>()
  for (const question of searchQuestions) {
    const tools = [{ type: "file_search" as const, vector_store_ids: [store.id] }]
    const { output_text } = await client.responses.create({ model: "perdure/extractive", input: question, tools })
    if (output_text === "") throw new Error(`no answer to "${question}"`)
    undisturbed.set(question, output_text)
  }
  return { storeId: store.id, undisturbed }
}
