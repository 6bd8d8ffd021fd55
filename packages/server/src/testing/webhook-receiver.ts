// A webhook for tests: keeps what it is sent, and answers as it is told.
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export interface ReceivedWebhook {
  headers: IncomingHttpHeaders
  body: string
  /** Its body as JSON. */
  json: { id: string; type: string; project: string | null; text: string; data: Record<string, unknown> }
}

export interface WebhookReceiver extends AsyncDisposable {
  url: string
  received: ReceivedWebhook[]
  /** Status of the next answers; 0 does not answer. */
  status: number
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const receiver = { received: [] as ReceivedWebhook[], status: 200 }
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8")
    request.on("data", (chunk: string) => (body += chunk))
    request.on("end", () => {
      receiver.received.push({ headers: request.headers, body, json: JSON.parse(body) as ReceivedWebhook["json"] })
      if (receiver.status !== 0) response.writeHead(receiver.status).end("it says so")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}/hook`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

/** Waits until it holds, for a minute at most. */
export async function eventually(holds: () => boolean): Promise<void> {
  for (let waits = 0; waits < 1_200 && !holds(); waits += 1) await sleep(50)
}
