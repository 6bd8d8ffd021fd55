// Serves the built dashboard under /dashboard: assets with their cache headers, the one-time login, and clear pages where something is missing.
import { readFile } from "node:fs/promises"
import { extname, join, sep } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { Hono, type Context } from "hono"
import type { Identity, RequestHeaders } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"
import { helpPage, type Help } from "./dashboard-pages.ts"

export interface DashboardRoutesOptions {
  identity: Pick<Identity, "authenticate" | "csrfOf" | "exchangeLoginToken">
  /** The folder that `npm run build` fills: `assets/dashboard`. */
  directory: string
}

const headers = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
}
const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
}
const compress = promisify(gzip)
/** Vite puts a hash of the content into each name under assets/. */
const forever = "public, max-age=31536000, immutable"

export function createDashboardRoutes(options: DashboardRoutesOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/", (context) => context.redirect("/dashboard/"))
  routes.get("/dashboard/login", (context) => login(options, context))
  routes.get("/dashboard/assets/*", (context) => asset(options, context))
  routes.get("/dashboard", (context) => page(options, context))
  routes.get("/dashboard/*", (context) => page(options, context))
  return routes
}

async function login(options: DashboardRoutesOptions, context: Context): Promise<Response> {
  const session = await options.identity.exchangeLoginToken(context.req.query("token") ?? "")
  if (!session) return html(401, helpPage("used"))
  // SameSite=Strict keeps the cookie from a redirect that another site began, so the way on is a page of our own.
  return html(200, helpPage("welcome"), { "set-cookie": session.setCookie, refresh: "0; url=/dashboard/" })
}

async function page(options: DashboardRoutesOptions, context: Context): Promise<Response> {
  const request = requestHeaders(context)
  const csrf = options.identity.csrfOf(request)
  if (csrf === undefined || !options.identity.authenticate(request, "GET")) return html(401, helpPage("signed-out"))
  const index = await read(options.directory, "index.html")
  if (!index) return html(503, helpPage("not-built"))
  return html(200, index.toString("utf8").replace("%PERDURE_CSRF%", csrf))
}

async function asset(options: DashboardRoutesOptions, context: Context): Promise<Response> {
  const name = context.req.path.slice("/dashboard/".length)
  const type = contentTypes[extname(name)]
  const bytes = type === undefined ? undefined : await read(options.directory, name)
  if (!bytes || type === undefined) return html(404, helpPage("no-asset"))
  const fixed = { ...headers, "content-type": type, "cache-control": forever, vary: "accept-encoding" }
  if (!/\bgzip\b/.test(context.req.header("accept-encoding") ?? "")) return new Response(new Uint8Array(bytes), { headers: fixed })
  // A browser asks once and keeps it for ever, so nothing is kept here.
  return new Response(new Uint8Array(await compress(bytes)), { headers: { ...fixed, "content-encoding": "gzip" } })
}

async function read(directory: string, name: string): Promise<Buffer | undefined> {
  const path = join(directory, name)
  if (!path.startsWith(directory.endsWith(sep) ? directory : directory + sep)) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    // Both mean that there is no such asset.
    if (["ENOENT", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined
    throw error
  }
}

function html(status: number, body: string | Help, extra: Record<string, string> = {}): Response {
  const text = typeof body === "string" ? body : body.html
  const policy = typeof body === "string" ? {} : { "content-security-policy": body.contentSecurityPolicy }
  const fixed = { ...headers, ...policy, "content-type": contentTypes[".html"] ?? "", "cache-control": "no-store" }
  return new Response(text, { status, headers: { ...fixed, ...extra } })
}

function requestHeaders(context: Context): RequestHeaders {
  return { cookie: context.req.header("cookie") }
}
