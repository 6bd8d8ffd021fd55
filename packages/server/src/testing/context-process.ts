// A server of context in a process of its own, for tests that kill it: `node context-process.ts <data directory>`; prints its address, then each batch that it embeds.
import { sleep } from "../core/index.ts"
import { startContextServer, wordVectors } from "./context-server.ts"

const embedMs = 150

const server = await startContextServer({
  dataDirectory: process.argv[2] ?? "",
  embed: async (texts, signal) => {
    process.stdout.write(`embed ${texts.length}\n`)
    await sleep(embedMs, signal)
    return wordVectors(texts, signal)
  },
})
process.stdout.write(`${JSON.stringify({ url: server.url, apiKey: server.apiKey })}\n`)
