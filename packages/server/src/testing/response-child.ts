// A server of responses as a process of its own, for tests that kill it: prints where it listens and lives until it is killed.
import { startResponsesServer } from "./responses-server.ts"

const [dataDirectory, providerUrl, attemptsMax] = process.argv.slice(2)
const server = await startResponsesServer({
  ...(dataDirectory === undefined ? {} : { dataDirectory }),
  ...(providerUrl === undefined ? {} : { providerUrl }),
  ...(attemptsMax === undefined ? {} : { limits: { runAttemptsMax: Number(attemptsMax) } }),
  wordDelayMs: 8,
  fsync: true,
})
process.stdout.write(`${JSON.stringify({ url: server.url, apiKey: server.apiKey, projectId: server.projectId })}\n`)
