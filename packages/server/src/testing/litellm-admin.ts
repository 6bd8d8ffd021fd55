// A server that is called as LiteLLM's documentation calls its admin API.
import { createClient } from "@perdure/client"
import { afterAll, beforeAll, expect } from "vitest"
import { startDashboardServer, type DashboardServer } from "./dashboard-server.ts"

interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

interface LiteLlmAdmin {
  /** With the server's first key unless another is given. */
  call: (method: string, path: string, body?: object, key?: string) => Promise<Answer>
  generate: (body?: object) => Promise<Record<string, unknown> & { key: string; token: string }>
  /** The same keys over Perdure's own API. */
  own: (key?: string) => ReturnType<typeof createClient>
}

/** For the tests of a file. */
export function useLiteLlmAdmin(): LiteLlmAdmin {
  let server: DashboardServer
  beforeAll(async () => {
    server = await startDashboardServer({ directory: "/nowhere" })
  })
  afterAll(() => server[Symbol.asyncDispose]())
  const call: LiteLlmAdmin["call"] = async (method, path, body, key = server.apiKey) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    const response = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> }
  }
  return {
    call,
    generate: async (body = {}) => {
      const { status, body: made } = await call("POST", "/key/generate", body)
      expect({ status, error: made["error"] }).toEqual({ status: 200, error: undefined })
      return made as { key: string; token: string }
    },
    own: (key = server.apiKey) => createClient({ baseUrl: server.url, apiKey: key }),
  }
}
