// Tests of stream reading against a real HTTP server that cuts, refuses and ends streams.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { createClient } from "./client.ts"
import { PerdureError } from "./error.ts"

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function frame(seq: number): string {
  return `id: ${seq}\nevent: step.completed\ndata: ${JSON.stringify({ seq })}\n\n`
}

async function seqsOf(baseUrl: string, after?: number): Promise<number[]> {
  const client = createClient({ baseUrl, apiKey: "k" })
  const seqs: number[] = []
  const signal = AbortSignal.timeout(20_000)
  for await (const event of client.runs.stream("run_1", after === undefined ? { signal } : { signal, after })) seqs.push(event.seq)
  return seqs
}

describe("the stream of a run", () => {
  it("is taken up again after a cut from the last id, without gap or duplicate", async () => {
    const asked: (string | undefined)[] = []
    const baseUrl = await serve((request, response) => {
      const after = Number(request.headers["last-event-id"] ?? 0)
      asked.push(request.headers["last-event-id"] as string | undefined)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(frame(after + 1) + frame(after + 2).slice(0, after < 4 ? 12 : undefined))
      if (after < 4) setTimeout(() => response.destroy(), 20)
      else response.end("event: end\ndata: {}\n\n")
    })
    expect(await seqsOf(baseUrl)).toEqual([1, 2, 3, 4, 5, 6])
    expect(asked).toEqual([undefined, "1", "2", "3", "4"])
  })

  it("ends when the server says that nothing more will come", async () => {
    const baseUrl = await serve((_request, response) => response.writeHead(204).end())
    expect(await seqsOf(baseUrl, 9)).toEqual([])
  })

  it("throws a refusal with its code and hint and does not ask again", async () => {
    let asked = 0
    const baseUrl = await serve((_request, response) => {
      asked++
      response.writeHead(404, { "content-type": "application/json" })
      response.end(JSON.stringify({ error: { message: "No run 'run_1'.", code: "not_found", hint: "List them with GET /v1/runs." } }))
    })
    const error = await seqsOf(baseUrl).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PerdureError)
    expect(error).toMatchObject({ status: 404, code: "not_found", hint: "List them with GET /v1/runs." })
    expect(asked).toBe(1)
  })

  it("reads frames that are split at every byte", async () => {
    const bytes = Buffer.from(`${frame(1)}: ping\n\n${frame(2)}event: end\ndata: {}\n\n`)
    const baseUrl = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      let at = 0
      const next = (): void => {
        if (at === bytes.length) return void response.end()
        response.write(bytes.subarray(at, ++at))
        setImmediate(next)
      }
      next()
    })
    expect(await seqsOf(baseUrl)).toEqual([1, 2])
  })
})

describe("a call", () => {
  it("sends the key, the query without its empty members, and reads JSON", async () => {
    let seen: { url: string | undefined; authorization: string | undefined } | undefined
    const baseUrl = await serve((request, response) => {
      seen = { url: request.url, authorization: request.headers.authorization }
      response.end(JSON.stringify({ runs: [], next: null }))
    })
    const list = await createClient({ baseUrl: `${baseUrl}/`, apiKey: "secret" }).runs.list({ status: "failed", search: "" })
    expect(list).toEqual({ runs: [], next: null })
    expect(seen).toEqual({ url: "/v1/runs?status=failed", authorization: "Bearer secret" })
  })

  it("sends a body as JSON, and the idempotency key as a header", async () => {
    let seen: unknown
    const baseUrl = await serve((request, response) => {
      let body = ""
      request.on("data", (chunk: Buffer) => (body += chunk.toString()))
      request.on("end", () => {
        const { "idempotency-key": key, "content-type": type } = request.headers
        seen = { method: request.method, url: request.url, key, type, body }
        response.end("{}")
      })
    })
    await createClient({ baseUrl, apiKey: "k" }).runs.start({ workflow: "report", input: { day: 1 } }, { idempotencyKey: "once" })
    const body = '{"workflow":"report","input":{"day":1}}'
    expect(seen).toEqual({ method: "POST", url: "/v1/runs", key: "once", type: "application/json", body })
  })

  it("says that the server cannot be reached when nothing listens", async () => {
    const call = createClient({ baseUrl: "http://127.0.0.1:1", apiKey: "k" }).runs.list()
    await expect(call).rejects.toMatchObject({ name: "PerdureError", status: 0, code: "unreachable" })
  })
})
