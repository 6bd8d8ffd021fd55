// Tests of the dashboard's address: the one-time login, what is shown without a session or a build, headers, and no way out of the folder.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startDashboardServer, type DashboardServer } from "../../testing/dashboard-server.ts"

let server: DashboardServer
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-built-"))
  await mkdir(join(directory, "assets"))
  await writeFile(join(directory, "assets", "index-abc.js"), "export {}")
  await writeFile(join(directory, "secret.txt"), "not for readers")
  server = await startDashboardServer({ directory })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function login(): Promise<string> {
  const answer = await fetch(`${server.url}/dashboard/login?token=${server.identity.createLoginToken(server.projectId)}`)
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
}

function open(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return fetch(server.url + path, { method, headers, redirect: "manual" })
}

describe("the dashboard's address", () => {
  it("exchanges a link once for a strict cookie, and explains itself the second time", async () => {
    const path = `/dashboard/login?token=${server.identity.createLoginToken(server.projectId)}`
    const first = await open(path)
    expect(first.status).toBe(200)
    expect(first.headers.get("set-cookie")).toMatch(/^perdure_session=.+HttpOnly; SameSite=Strict/)
    expect(first.headers.get("refresh")).toBe("0; url=/dashboard/")
    const second = await open(path)
    expect([second.status, second.headers.get("set-cookie")]).toEqual([401, null])
    expect(await second.text()).toContain("perdure dashboard")
  })

  it("tells how to sign in where there is no session, also with one that is made up", async () => {
    for (const headers of [{}, { cookie: "perdure_session=made.up" }]) {
      const answer = await open("/dashboard/runs", headers)
      expect(answer.status).toBe(401)
      expect(await answer.text()).toContain("one-time link")
    }
  })

  it("is where the bare address of the server leads", async () => {
    expect((await open("/")).headers.get("location")).toBe("/dashboard/")
  })

  it("says how to build it when it was not, and gives each page its session's token once it is", async () => {
    const cookie = await login()
    const missing = await open("/dashboard/", { cookie })
    expect([missing.status, await missing.text()]).toEqual([503, expect.stringContaining("npm run build")])
    await writeFile(join(directory, "index.html"), '<meta name="perdure-csrf" content="%PERDURE_CSRF%">')
    const page = await open("/dashboard/runs/run_1", { cookie })
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'self'/)
    expect(page.headers.get("cache-control")).toBe("no-store")
    expect(await page.text()).toContain(`content="${server.identity.csrfOf({ cookie })}"`)
  })

  it("caches hashed assets for ever and serves nothing else of the disk", async () => {
    const asset = await open("/dashboard/assets/index-abc.js")
    expect([asset.status, asset.headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"])
    for (const path of [
      "/dashboard/assets/..%2fsecret.txt",
      "/dashboard/assets/%2e%2e/secret.txt",
      "/dashboard/assets/none.js",
      "/dashboard/assets/",
    ]) {
      const answer = await open(path)
      expect([path, answer.status >= 400]).toEqual([path, true])
      expect(await answer.text()).not.toContain("not for readers")
    }
  })

  it("compresses assets for who can take that, and says that answers differ", async () => {
    for (const encoding of ["gzip", "identity"]) {
      const asset = await open("/dashboard/assets/index-abc.js", { "accept-encoding": encoding })
      expect(asset.headers.get("content-encoding")).toBe(encoding === "gzip" ? "gzip" : null)
      expect([asset.headers.get("vary"), await asset.text()]).toEqual(["accept-encoding", "export {}"])
    }
  })

  it("lets a session read, and write only with its token", async () => {
    const cookie = await login()
    expect((await open("/v1/runs", { cookie })).status).toBe(200)
    const create = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/v1/keys`, { method: "POST", headers: { cookie, ...headers }, body: JSON.stringify({ name: "by session" }) })
    expect((await create({})).status).toBe(401)
    expect((await create({ "x-perdure-csrf": server.identity.csrfOf({ cookie }) ?? "" })).status).toBe(201)
  })
})
