// One HTTP call to the server: base URL, credentials, JSON in and out, errors as PerdureError.
import { errorOf, PerdureError } from "./error.ts"

export interface TransportOptions {
  /** Where the server is, without `/v1`: `http://localhost:8080`. The page's own origin when empty. */
  baseUrl: string
  /** A key; leave out in the dashboard, whose session cookie travels by itself. */
  apiKey?: string
  /** The session's token that unsafe requests must carry. */
  csrf?: string
  fetch?: typeof fetch
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  path: string
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** Sent as multipart, in place of a body. */
  form?: FormData
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

export interface Transport {
  json<T>(call: Call): Promise<T>
  open(call: Call): Promise<Response>
}

export function createTransport(options: TransportOptions): Transport {
  const send = options.fetch ?? fetch
  async function open(call: Call): Promise<Response> {
    const response = await reach(() => send(addressOf(options.baseUrl, call), requestOf(options, call)), call.signal)
    if (!response.ok) throw await errorOf(response)
    return response
  }
  return {
    open,
    // The type is the contract's; server and client are released together, so it is not parsed a second time in the browser.
    json: async <T>(call: Call) => (await (await open(call)).json()) as T,
  }
}

async function reach(work: () => Promise<Response>, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (signal?.aborted) throw error
    const hint = "Check that Perdure is running: perdure doctor"
    throw new PerdureError(0, "unreachable", "The server could not be reached.", { hint, cause: error })
  }
}

function addressOf(baseUrl: string, call: Call): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined && value !== "") query.set(name, String(value))
  const text = query.toString()
  return `${baseUrl.replace(/\/$/, "")}${call.path}${text === "" ? "" : `?${text}`}`
}

function requestOf(options: TransportOptions, call: Call): RequestInit {
  const method = call.method ?? "GET"
  const headers: Record<string, string> = { accept: "application/json", ...call.headers }
  if (options.apiKey !== undefined) headers["authorization"] = `Bearer ${options.apiKey}`
  if (options.csrf !== undefined && method !== "GET") headers["x-perdure-csrf"] = options.csrf
  if (call.body !== undefined) headers["content-type"] = "application/json"
  return {
    method,
    headers,
    credentials: options.apiKey === undefined ? "same-origin" : "omit",
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    ...(call.form === undefined ? {} : { body: call.form }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  }
}
