// The processes of the bench: mock provider and load client on core 1, one target at a time alone on core 0.
import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { startPerdure } from "../../test/support/server.ts"

export const model = "gpt-4o-mini"
/** A real price and another upstream name: the body is spliced and the call is priced. */
const upstreamModel = "gpt-4o-mini-2024-07-18"

export interface Target extends AsyncDisposable {
  name: string
  port: number
  /** Absent for the provider itself, whose CPU is not of interest. */
  pid?: number
  headers: Readonly<Record<string, string>>
}

export interface Provider extends AsyncDisposable {
  port: number
  /** Sets how new requests are answered. */
  behave(behaviour: Readonly<Record<string, number>>): Promise<void>
  counts(): Promise<{ requests: number; chunks: number; open: number }>
}

export function compile(name: string, directory: string): string {
  const binary = join(directory, name)
  execFileSync("gcc", ["-O2", "-w", "-o", binary, join(import.meta.dirname, `${name}.c`), "-lm"], { stdio: "inherit" })
  return binary
}

export async function startProvider(binary: string): Promise<Provider> {
  const port = await freePort()
  const child = spawn("taskset", ["-c", "1", binary, String(port)], { stdio: "ignore" })
  const ask = async <Answer>(path: string): Promise<Answer> => (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as Answer
  for (
    let tries = 0;
    !(await ask("/counts").then(
      () => true,
      () => false,
    ));
    tries += 1
  ) {
    if (tries > 100) throw new Error("the mock provider does not answer")
    await delay(50)
  }
  return {
    port,
    behave: async (behaviour) =>
      void (await ask(
        `/behave?${Object.entries(behaviour)
          .map(([key, value]) => `${key}=${value}`)
          .join("&")}`,
      )),
    counts: () => ask("/counts"),
    [Symbol.asyncDispose]: () => stop(child),
  }
}

/** The provider itself: what latency is added to. */
export function direct(provider: Provider): Target {
  return { name: "direct", port: provider.port, headers: {}, [Symbol.asyncDispose]: () => Promise.resolve() }
}

export async function startBareProxy(provider: Provider): Promise<Target> {
  const script = join(import.meta.dirname, "bare-proxy.mjs")
  const env = { PATH: process.env["PATH"] ?? "", UPSTREAM: `http://127.0.0.1:${provider.port}`, NODE_ENV: "production" }
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"], env })
  const [line] = (await once(child.stdout, "data")) as [Buffer]
  pin(child.pid ?? 0)
  const { port } = JSON.parse(line.toString()) as { port: number }
  return { name: "bare proxy", port, pid: child.pid ?? 0, headers: {}, [Symbol.asyncDispose]: () => stop(child) }
}

/** As an operator starts it: keys, prices, records to the embedded database. */
export async function startTarget(provider: Provider): Promise<Target> {
  const directory = mkdtempSync(join(tmpdir(), "perdure-bench-"))
  const config = join(directory, "perdure.yaml")
  const deployment = `{ provider: mock, model: ${upstreamModel} }`
  writeFileSync(
    config,
    `discovery: false\nproviders:\n  mock: { baseUrl: "http://127.0.0.1:${provider.port}/v1" }\nmodels:\n  ${model}: { deployments: [${deployment}] }\n`,
  )
  const server = await startPerdure({ dataDirectory: join(directory, "data"), config, env: { NODE_ENV: "production" } })
  pin(server.pid)
  const close = async (): Promise<void> => {
    await server[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }
  const headers = { authorization: `Bearer ${server.apiKey}` }
  return { name: "perdure", port: Number(new URL(server.url).port), pid: server.pid, headers, [Symbol.asyncDispose]: close }
}

/** All threads of the process, and those that it will start. */
function pin(pid: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", "0", String(pid)], { stdio: "ignore" })
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number } // listening on TCP
  server.close()
  await once(server, "close")
  return port
}
