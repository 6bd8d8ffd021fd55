// `perdure start`: runs the server until it is told to stop, and says where it is once it is ready.
import { AppError, deferred, messageOf, systemClock } from "../core/index.ts"
import type { LoadedConfig } from "../config/index.ts"
import { explainDisk } from "../store/index.ts"
import { loadComposition, type RunningPerdure } from "./composition.ts"
import { openControl } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import { followConfig } from "./follow-config.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { removeServerFile, writeServerFile, type ServerFile } from "./server-file.ts"
import { setUpV8 } from "./set-up-v8.ts"
import { hasTerminal, stopSignal } from "./stop-signal.ts"
import type { Terminal } from "./terminal.ts"
import { welcome } from "./welcome.ts"

export interface StartOptions extends ConfigOptions {
  print: "json" | "text" | "welcome" | "restarted"
  /** Set by `perdure dev` on its child. */
  dev?: boolean
  /** Set by `perdure dev` on its child: the port that it had before, taken again where any free one is asked for. */
  chosenPort?: number
}

/** Resolves with the exit code when the server has stopped. */
export async function start(options: StartOptions, terminal: Terminal): Promise<number> {
  const isDev = options.dev === true
  setUpV8()
  const stopping = stopSignal(() => process.exit(exitCodes.failed), hasTerminal())
  const loaded = await loadFor(options, isDev)
  const { createPerdure } = await loadComposition()
  const onFatal = (error: Error): never => {
    const hint = error instanceof AppError ? error.hint : undefined
    terminal.note(`error: the database is lost: ${error.message}\nnext:  ${hint ?? "start again: what was acknowledged is on disk"}`)
    process.exit(exitCodes.data)
  }
  const { server } = loaded.config
  const port = server.port === 0 ? (options.chosenPort ?? 0) : server.port
  const outdated = deferred<"outdated">()
  const onOutdated = (): void => outdated.resolve("outdated")
  const perdure = await createPerdure({ ...loaded.config, server: { ...server, port } }, { onFatal, onOutdated })
  const control = await openControl(perdure)
  const { controlUrl, controlToken } = control
  tellOthers(loaded.config.data, { pid: process.pid, url: perdure.url, startedAt: systemClock.now(), controlUrl, controlToken })
  announce(perdure, loaded, options.print, terminal)
  const stopFollowing = followConfig({
    perdure,
    // What `perdure dev` starts again for: code.
    path: isDev && !isData(loaded.path) ? null : loaded.path,
    load: async (version) => (await loadFor(options, isDev, version)).config,
    pollMs: loaded.config.limits.configPollMs,
    terminal,
    onNeedsRestart: (keys) => process.send?.({ needsRestart: keys }),
  })
  process.send?.({ ready: true, port: perdure.port })

  const why = await Promise.race([stopping, outdated.promise])
  stopFollowing()
  try {
    await control[Symbol.asyncDispose]()
    await perdure.close()
    return why === "outdated" ? exitCodes.data : exitCodes.ok
  } catch (error) {
    terminal.note(`error: the server did not stop cleanly: ${messageOf(error)}`)
    return exitCodes.failed
  } finally {
    removeServerFile(loaded.config.data, process.pid)
  }
}

/** Without it commands find no server; the server itself does not need it. */
function tellOthers(data: string, contents: ServerFile): void {
  try {
    writeServerFile(data, contents)
  } catch (error) {
    throw explainDisk(error, data)
  }
}

function isData(path: string | null): boolean {
  return path !== null && /\.ya?ml$/.test(path)
}

function announce(perdure: RunningPerdure, loaded: LoadedConfig, print: StartOptions["print"], terminal: Terminal): void {
  const { url, port, apiKeyCreated } = perdure
  if (print === "json") {
    const key = apiKeyCreated === undefined ? {} : { apiKey: apiKeyCreated }
    const dashboard = loaded.config.dashboard.enabled ? { dashboardUrl: perdure.loginUrl() } : {}
    terminal.print(JSON.stringify({ url, port, ...key, ...dashboard, pid: process.pid }))
  } else if (print === "restarted") terminal.print(`${terminal.style("green", "ready")} ${url}`)
  else for (const line of welcome(perdure, loaded, { isFull: print === "welcome", style: terminal.style })) terminal.print(line)
}
