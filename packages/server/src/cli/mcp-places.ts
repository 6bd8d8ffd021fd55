// Where `perdure mcp` finds a server: the one that is named, the one that runs on the data directory, or one that it starts there itself.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import type { Config } from "../config/index.ts"
import { AppError, sleep, systemClock } from "../core/index.ts"
import type { KeyAdmin } from "../security/index.ts"
import { loadComposition } from "./composition.ts"
import { openControl, remoteKeys } from "./control.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { removeServerFile, runningServer, writeServerFile } from "./server-file.ts"

export interface McpPlace {
  readonly url: string
  readonly key: string
}

export interface McpPlaces extends AsyncDisposable {
  current(): Promise<McpPlace>
  /** That one does not answer, or not to this key: whether another can be looked for. */
  lost(place: McpPlace): Promise<boolean>
}

export function namedPlace(url: string, key: string | undefined): McpPlaces {
  if (!URL.canParse(url)) throw new AppError("invalid_request", `--url "${url}" is no address`, { hint: "--url http://127.0.0.1:8080" })
  if (key === undefined)
    throw new AppError("missing_required_parameter", `the server at ${url} needs an API key`, {
      hint: "--key <key>, or PERDURE_API_KEY; perdure keys create makes one",
    })
  return {
    current: () => Promise.resolve({ url, key }),
    lost: () => Promise.resolve(false),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

export interface OwnPlaceOptions {
  options: ConfigOptions
  /** Absent: a key is made that can do nothing else, and kept in the data directory. */
  key: string | undefined
  note: (text: string) => void
}

interface Opened {
  place: McpPlace
  close: () => Promise<void>
}

/** Whoever is first starts the server; when that one ends, another goes on with the directory. */
export function ownPlace(given: OwnPlaceOptions): McpPlaces {
  let opened: Promise<Opened> | undefined
  const current = async (): Promise<McpPlace> => {
    opened ??= open(given)
    return (await opened).place
  }
  return {
    current,
    lost: async (place) => {
      const before = opened && (await opened)
      if (before && before.place === place) {
        opened = undefined
        await before.close()
      }
      return true
    },
    [Symbol.asyncDispose]: async () => {
      await opened?.then(
        ({ close }) => close(),
        () => undefined,
      )
    },
  }
}

const waitMs = 200
/** As long as another process may take to open the directory or to close it. */
const waitMsMax = 30_000

async function open(given: OwnPlaceOptions): Promise<Opened> {
  const { config } = await loadFor(given.options, true)
  const until = systemClock.monotonic() + waitMsMax
  for (;;) {
    const running = runningServer(config.data)
    if (running && (await answers(running.url))) {
      const key = given.key ?? (await ownKey(config.data, remoteKeys(running), ""))
      return { place: { url: running.url, key }, close: () => Promise.resolve() }
    }
    try {
      return await startHere(given, config)
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === "data_directory_locked"
      if (!isTaken || systemClock.monotonic() > until) throw error
      await sleep(waitMs) // another process is about to tell where it is, or to end
    }
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(new URL("/health/live", url), { signal: AbortSignal.timeout(waitMs * 10) }).then(
    () => true,
    () => false,
  )
}

/** On a free port of this machine alone: what is started for one client must not be in the way of a server that is started for many. */
async function startHere({ key: given, note }: OwnPlaceOptions, config: Config): Promise<Opened> {
  const { createPerdure } = await loadComposition()
  const onFatal = (error: Error): never => {
    note(`the database is lost: ${error.message}`)
    process.exit(1)
  }
  const perdure = await createPerdure({ ...config, server: { ...config.server, host: "127.0.0.1", port: 0 } }, { onFatal })
  const control = await openControl(perdure)
  const { controlUrl, controlToken } = control
  writeServerFile(config.data, { pid: process.pid, url: perdure.url, startedAt: systemClock.now(), controlUrl, controlToken })
  note(`started on ${config.data}, listening on ${perdure.url}`)
  const close = async (): Promise<void> => {
    await control[Symbol.asyncDispose]()
    await perdure.close()
    removeServerFile(config.data, process.pid)
  }
  try {
    const key = given ?? (await ownKey(config.data, perdure.identity, perdure.projectId))
    return { place: { url: perdure.url, key }, close }
  } catch (error) {
    await close()
    throw error
  }
}

const keyName = "perdure mcp"
const keyFile = "mcp-key.json"
const keyFileSchema = z.object({ id: z.string(), secret: z.string() })

/** The same key each time, so that what a client remembers stays one principal's word. It opens nothing but `/mcp`. */
async function ownKey(dataDirectory: string, keys: KeyAdmin, projectId: string): Promise<string> {
  const path = join(dataDirectory, keyFile)
  const kept = existsSync(path) ? keyFileSchema.safeParse(parsed(readFileSync(path, "utf8"))).data : undefined
  if (kept && (await keys.getKey(projectId, kept.id))?.state === "live") return kept.secret
  const { id, secret } = await keys.createKey(projectId, keyName, { scope: { endpoints: ["/mcp"] } })
  writeFileSync(path, `${JSON.stringify({ id, secret })}\n`, { mode: 0o600 })
  return secret
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
