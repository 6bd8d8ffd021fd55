// No hostile address is ever connected to; what may be opened is looked up once, pinned, and checked again wherever it redirects to.
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { LookupAddress } from "node:dns"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { AppError } from "../core/index.ts"
import { isPublicAddress } from "./addresses.ts"
import { redirected } from "./egress-redirect.ts"
import { createEgress, type EgressOptions, type EgressResponse } from "./egress.ts"
import type { GateDecision } from "./types.ts"

const signal = AbortSignal.timeout(120_000)
let sockets = 0
const onSocket = (): void => void sockets++
beforeAll(() => subscribe("net.client.socket", onSocket))
afterAll(() => void unsubscribe("net.client.socket", onSocket))
beforeEach(() => {
  sockets = 0
})

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  const server = createServer(handle)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
  return (server.address() as AddressInfo).port
}

function decision(allowed: boolean): GateDecision {
  return { allowed, rule: "grants[0]", reason: "the test says so", request: {} as GateDecision["request"] } // only shown
}
const allow = (): GateDecision => decision(true)

/** What each name resolves to. */
const names: Record<string, string[]> = {
  "loopback.evil.example": ["127.0.0.1"],
  "metadata.evil.example": ["169.254.169.254"],
  "private.evil.example": ["10.1.2.3"],
  "mixed.evil.example": ["93.184.216.34", "192.168.0.1"],
  "mixed6.evil.example": ["2606:2800:220:1::1", "::1"],
  "mapped.evil.example": ["::ffff:127.0.0.1"],
  "nat64.evil.example": ["64:ff9b::7f00:1"],
  "compatible.evil.example": ["::7f00:1"],
  "sixtofour.evil.example": ["2002:7f00:1::1"],
  "teredo.evil.example": ["2001:0:7f00:1::1"],
  "unique.evil.example": ["fd12:3456::1"],
  "azure.evil.example": ["168.63.129.16"],
  "zero.evil.example": ["0.0.0.0"],
  "cgnat.evil.example": ["100.64.0.1"],
  "empty.evil.example": [],
  "name.evil.example": ["not-an-address"],
  "own.evil.example": ["203.0.114.7"],
  localhost: ["127.0.0.1", "::1"],
  "metadata.google.internal": ["169.254.169.254"],
}

async function resolve(hostname: string): Promise<LookupAddress[]> {
  const addresses = names[hostname]
  if (!addresses) throw new Error(`no such name: ${hostname}`)
  return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }))
}

function egress(options: Partial<EgressOptions> = {}): ReturnType<typeof createEgress> {
  return createEgress({ allow, resolve, ownHosts: ["perdure.example", "203.0.114.7"], ...options })
}

const privateHosts = [
  // Loopback, in every spelling that a URL allows.
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "0177.0.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "0x7F.1",
  "127.0.0.1.",
  "127。0。0。1",
  "①②⑦.⓪.⓪.①",
  "１２７.0.0.1",
  "%31%32%37.0.0.1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0000::0001]",
  // Loopback inside IPv6.
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:7f00:1]",
  "[::127.0.0.1]",
  "[::7f00:1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b:1::7f00:1]",
  "[2002:7f00:1::]",
  "[2002:7f00:0001::1]",
  "[2001:0:7f00:1::]",
  "[::ffff:0:127.0.0.1]",
  // This host, nothing, broadcast.
  "0.0.0.0",
  "0",
  "0x0",
  "[::]",
  "[::0]",
  "255.255.255.255",
  "0.1.2.3",
  // Private networks.
  "10.0.0.1",
  "10.255.255.255",
  "0xa000001",
  "167772161",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.1",
  "0xc0a80001",
  "3232235521",
  "[::ffff:10.0.0.1]",
  "[::ffff:192.168.0.1]",
  "[64:ff9b::10.0.0.1]",
  "[2002:a00:1::1]",
  // Metadata of clouds.
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.170.2",
  "[::ffff:169.254.169.254]",
  "[64:ff9b::a9fe:a9fe]",
  "[::a9fe:a9fe]",
  "[fd00:ec2::254]",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "[fe80::a9fe:a9fe]",
  // Link-local, unique-local, site-local, shared, test, benchmark, multicast, reserved.
  "169.254.0.1",
  "[fe80::1]",
  "[febf::1]",
  "[fc00::1]",
  "[fdff::1]",
  "[fec0::1]",
  "100.64.0.1",
  "100.127.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "198.51.100.1",
  "203.0.113.1",
  "198.18.0.1",
  "198.19.255.255",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "[ff02::1]",
  "[ff0e::1]",
  "[2001:db8::1]",
  "[100::1]",
  "[2001:10::1]",
  "[2001:20::1]",
  "[3fff::1]",
  "[5f00::1]",
  "192.88.99.1",
  "[4000::1]",
  "[1::1]",
  "[abcd::1]",
  // Names that lead there.
  ...Object.keys(names),
  "LOCALHOST",
  "localhost.",
  "Loopback.Evil.Example.",
  "unknown.evil.example",
  // This server itself.
  "perdure.example",
  "PERDURE.example.",
  "203.0.114.7",
]

const privateUrls = privateHosts.map((host) => `https://${host}/latest/meta-data`)

const malformed = [
  "",
  "/etc/passwd",
  "//127.0.0.1/",
  "file:///etc/passwd",
  "file://127.0.0.1/etc/passwd",
  "ftp://example.com/",
  "gopher://127.0.0.1:6379/_FLUSHALL",
  "data:text/plain,hello",
  "javascript:alert(1)",
  "blob:https://example.com/1",
  "about:blank",
  "ws://example.com/",
  "wss://example.com/",
  "ldap://127.0.0.1/",
  "dict://127.0.0.1:11211/stat",
  "jar:https://example.com!/",
  "unix:///var/run/docker.sock",
  "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
  "https://",
  "https:///",
  "https://user:password@example.com/",
  "https://example.com@127.0.0.1/",
  "https://127.0.0.1:80@example.com/",
  "https://example.com#@127.0.0.1/ ".replace("#@", "%23@"),
  "https://[::1",
  "https://[fe80::1%25eth0]/",
  "https://256.256.256.256/",
  "https://127.0.0.1:99999/",
  "https://exa mple.com/",
  "https://exam\u0000ple.com/",
  "http://93.184.216.34/",
  "http://example.com/",
  "http://example.com:443/",
  "https://93.184.216.34:22/",
  "https://93.184.216.34:25/",
  "https://93.184.216.34:6379/",
  "https://93.184.216.34:587/",
  "https://93.184.216.34:0/",
  "https:\\\\127.0.0.1\\",
  "https:127.0.0.1",
  "HTTPS://0X7F.1/",
  " https://127.0.0.1/",
  "\thttps://127.0.0.1/",
  "https://127.0.0.1\n/",
  "https://loopback.evil.example:8443/",
  "https://evil.example\\@127.0.0.1/",
]

const hostile = [...privateUrls, ...malformed]

describe("hostile addresses", () => {
  it("are many", () => {
    expect(new Set(hostile).size).toBeGreaterThanOrEqual(150)
  })

  it.each(hostile)("%j is refused without a connection", async (url) => {
    const error = await egress()
      .request(url, {}, signal)
      .catch((each: unknown) => each)
    expect(error).toBeInstanceOf(AppError)
    expect(["policy_denied", "invalid_request", "upstream_error"]).toContain((error as AppError).code)
    expect(sockets).toBe(0)
  })

  it("are refused as the target of a redirect too, each one, with one connection to the server that redirects", async () => {
    let location = ""
    const port = await serve((_, response) => response.writeHead(302, { location }).end())
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`] })
    for (location of hostile.filter((url) => /^[\x21-\x7e]+$/.test(url) && !url.startsWith("/") && URL.canParse(url))) {
      sockets = 0
      const error = await client.request(`http://127.0.0.1:${port}/`, {}, signal).catch((each: unknown) => each)
      expect({ location, isRefused: error instanceof AppError, sockets }).toEqual({ location, isRefused: true, sockets: 1 })
    }
  })

  it("are told apart from public ones", () => {
    const open = [
      "93.184.216.34",
      "1.1.1.1",
      "8.8.8.8",
      "2606:4700:4700::1111",
      "2a00:1450::1",
      "172.32.0.1",
      "100.63.255.255",
      "192.167.0.1",
    ]
    expect(open.filter(isPublicAddress)).toEqual(open)
    expect(isPublicAddress("example.com")).toBe(false)
  })
})

describe("what the gate does not allow", () => {
  it("is neither looked up nor connected to", async () => {
    const asked: string[] = []
    const looked: string[] = []
    const client = egress({
      allow: (host, port) => {
        asked.push(`${host}:${port}`)
        return decision(false)
      },
      resolve: async (hostname) => {
        looked.push(hostname)
        return []
      },
    })
    await expect(client.request("https://Example.COM./secret?q=1", {}, signal)).rejects.toThrow(
      '"example.com:443" may not be opened: the test says so (grants[0])',
    )
    expect(asked).toEqual(["example.com:443"])
    expect(looked).toEqual([])
    expect(sockets).toBe(0)
  })

  it("is asked again at each redirect", async () => {
    const other = await serve((_, response) => response.end("other"))
    const port = await serve((_, response) => response.writeHead(302, { location: `https://elsewhere.example:${other}/` }).end())
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`], allow: (host) => decision(host === "127.0.0.1") })
    await expect(client.request(`http://127.0.0.1:${port}/`, {}, signal)).rejects.toThrow(`"elsewhere.example:${other}" may not be opened`)
  })
})

describe("an origin that the operator declared", () => {
  it("may be private and plain http, is looked up once, and the connection goes where the look-up said", async () => {
    const port = await serve((request, response) => response.end(`host ${request.headers.host}`))
    const looked: string[] = []
    const client = egress({
      declaredOrigins: [`http://engine.internal:${port}`],
      resolve: async (hostname) => {
        looked.push(hostname)
        // A name server that rebinds: the second answer is somewhere else.
        return [{ address: looked.length === 1 ? "127.0.0.1" : "169.254.169.254", family: 4 }]
      },
    })
    const response = await client.request(`http://engine.internal:${port}/x`, {}, signal)
    expect(await textOf(response)).toBe(`host engine.internal:${port}`)
    expect(looked).toEqual(["engine.internal"])
  })

  it.each(["169.254.169.254", "169.254.170.23", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "168.63.129.16"])(
    "is refused where its name leads to %s, at which a cloud gives credentials",
    async (address) => {
      const resolve = async (): Promise<{ address: string; family: number }[]> => [{ address, family: address.includes(":") ? 6 : 4 }]
      const client = egress({ declaredOrigins: ["http://engine.internal"], resolve })
      await expect(client.request("http://engine.internal/", {}, AbortSignal.timeout(20_000))).rejects.toThrow("link-local")
    },
  )

  it("is declared with its port and scheme: another port of the same host is not", async () => {
    const port = await serve((_, response) => response.end("x"))
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port + 1}`] })
    await expect(client.request(`http://127.0.0.1:${port}/`, {}, signal)).rejects.toMatchObject({ code: "policy_denied" })
    expect(sockets).toBe(0)
  })

  it("is not reached through a redirect of somebody else", async () => {
    let hits = 0
    const engine = await serve((_, response) => {
      hits++
      response.end("private")
    })
    const port = await serve((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${engine}/` }).end())
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${engine}`, `http://127.0.0.1:${port}`] })
    await expect(client.request(`http://127.0.0.1:${port}/`, {}, signal)).rejects.toMatchObject({ code: "policy_denied" })
    expect(hits).toBe(0)
  })
})

describe("redirects on the same origin", () => {
  it("are followed three times at most", async () => {
    const port = await serve((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end("arrived")
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    })
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`] })
    const response = await client.request(`http://127.0.0.1:${port}/3`, {}, signal)
    expect(await textOf(response)).toBe("arrived")
    expect(response.url).toBe(`http://127.0.0.1:${port}/0`)
    await expect(client.request(`http://127.0.0.1:${port}/4`, {}, signal)).rejects.toThrow("redirects more than 3 times")
  })

  it.each([
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", "hello"],
    [308, "POST", "hello"],
  ])("after %i the method is %s and the body %j", async (status, method, body) => {
    const port = await serve((request, response) => {
      if (request.url === "/") return response.writeHead(status, { location: "/next" }).end()
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      return request.on("end", () => response.end(`${request.method} ${Buffer.concat(chunks).toString()} ${request.headers.authorization}`))
    })
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`] })
    const response = await client.request(
      `http://127.0.0.1:${port}/`,
      { method: "POST", body: "hello", headers: { authorization: "Bearer x" } },
      signal,
    )
    expect(await textOf(response)).toBe(`${method} ${body} Bearer x`)
  })
})

describe("redirects to another origin", () => {
  const from = new URL("https://a.example/x")
  const to = new URL("https://b.example/y")
  const headers = { Authorization: "Bearer x", "x-api-key": "x", Cookie: "x", accept: "text/html", "content-type": "text/plain" }

  it("leave all headers behind but those that say what is accepted", () => {
    expect(redirected({ headers }, 302, from, to)).toEqual({ method: "GET", headers: { accept: "text/html" } })
    expect(redirected({ headers }, 307, from, new URL("https://a.example:8443/y")).headers).toEqual({ accept: "text/html" })
    expect(redirected({ headers }, 307, from, new URL("https://a.example/z")).headers).toEqual(headers)
  })

  it("never carry a body there", () => {
    expect(redirected({ method: "POST", headers, body: "x" }, 303, from, to)).toEqual({ method: "GET", headers: { accept: "text/html" } })
    expect(() => redirected({ method: "POST", body: "x" }, 307, from, to)).toThrow("would carry the body")
  })
})

describe("what is sent and what comes back", () => {
  it("carries no header that frames the message or names another host", async () => {
    const port = await serve((request, response) => response.end(JSON.stringify(request.headers)))
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`] })
    const headers = { Host: "metadata.google.internal", "Transfer-Encoding": "chunked", "X-Mine": "1", "Proxy-Authorization": "x" }
    const seen = JSON.parse(await textOf(await client.request(`http://127.0.0.1:${port}/`, { headers }, signal))) as Record<string, string>
    expect(seen).toMatchObject({ host: `127.0.0.1:${port}`, "x-mine": "1", "accept-encoding": "identity" })
    expect(seen["transfer-encoding"]).toBeUndefined()
    expect(seen["proxy-authorization"]).toBeUndefined()
  })

  it("is cut off at the byte limit", async () => {
    const port = await serve((_, response) => response.end("x".repeat(2_000)))
    const client = egress({ declaredOrigins: [`http://127.0.0.1:${port}`], limits: { responseBytesMax: 1_000 } })
    await expect(textOf(await client.request(`http://127.0.0.1:${port}/`, {}, signal))).rejects.toMatchObject({ code: "request_too_large" })
  })

  it("is refused when it is compressed or its headers are endless", async () => {
    const zipped = await serve((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"))
    const endless = await serve((_, response) => response.writeHead(200, { "x-long": "x".repeat(14_000) }).end("x"))
    const client = egress({
      declaredOrigins: [`http://127.0.0.1:${zipped}`, `http://127.0.0.1:${endless}`],
      limits: { headerBytesMax: 4_096 },
    })
    await expect(client.request(`http://127.0.0.1:${zipped}/`, {}, signal)).rejects.toMatchObject({ code: "upstream_error" })
    await expect(client.request(`http://127.0.0.1:${endless}/`, {}, signal)).rejects.toMatchObject({ code: "upstream_error" })
  })

  it("ends in time when the name server or the address is silent, and at once when the caller aborts", async () => {
    const port = await serve(() => undefined)
    const origin = `http://127.0.0.1:${port}`
    const client = egress({ declaredOrigins: [origin], limits: { totalTimeoutMs: 100 }, resolve: () => new Promise(() => undefined) })
    await expect(client.request(`${origin}/`, {}, signal)).rejects.toMatchObject({ code: "upstream_timeout" })
    await expect(client.request("https://silent.example/", {}, signal)).rejects.toMatchObject({ code: "upstream_timeout" })
    await expect(egress({ declaredOrigins: [origin] }).request(`${origin}/`, {}, AbortSignal.abort(new Error("left")))).rejects.toThrow(
      "left",
    )
  })
})

async function textOf({ body }: EgressResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}
