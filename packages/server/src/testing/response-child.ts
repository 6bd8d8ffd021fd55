// A server of responses as a process of its own, for tests that kill it: prints where it listens and lives until it is killed.
import { startResponsesServer } from "./responses-server.ts"

const [dataDirectory, providerUrl, attemptsMax] = process.argv.slice(2)
const server = await startResponsesServer({
  ...(dataDirectory === undefined ? {} : { dataDirectory }),
  ...(providerUrl === undefined ? {} : { providerUrl }),
  ...(attemptsMax === undefined ? {} : { limits: { runAttemptsMax: Number(attemptsMax) } }),
  // An answer takes some seconds: whoever kills this process after its first words may be slow, and must not come after its last.
  wordDelayMs: 30,
  fsync: true,
})
process.stdout.write(`${JSON.stringify({ url: server.url, apiKey: server.apiKey, projectId: server.projectId })}\n`)
