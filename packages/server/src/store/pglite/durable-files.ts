// The file system of the embedded engine with the one operation that it lacks as shipped: fsync.
import { closeSync, fsyncSync, openSync } from "node:fs"
import { dirname } from "node:path"
import { NodeFS } from "@electric-sql/pglite/nodefs"

/** What Emscripten's module offers here; PGlite's own type of it is not exported in full. */
interface EngineModule {
  FS: {
    filesystems: {
      NODEFS: {
        stream_ops: { read: EngineTransfer; write: EngineTransfer; fsync?: (stream: EngineStream) => number }
        realPath(node: unknown): string
      }
    }
  }
  onAbort?: (reason: unknown) => void
  onExit?: (code: number) => void
}

type EngineTransfer = (stream: EngineStream, bytes: Int8Array, offset: number, length: number, position?: number) => number

interface EngineStream {
  nfd?: number
  node: unknown
}

type InitArguments = Parameters<NodeFS["init"]>

export interface DurableFilesOptions {
  /** Called before each read and write. */
  readonly onTransfer: () => void
  /** Called after each successful fsync, before the engine goes on, with the real path of the file or directory. */
  readonly onSync: (path: string) => void
  /** Called when Postgres gives up. */
  readonly onDeath: (reason: string) => void
}

/**
 * As shipped, PGlite's Node file system has no fsync operation: `fsync = on` changes nothing, and power loss loses commits or the whole
 * database (electric-sql/pglite#1107). `fdatasync` is a stub in the engine, hence `wal_sync_method=fsync`.
 */
export class DurableFiles extends NodeFS {
  readonly #options: DurableFilesOptions
  readonly #named = new Set<string>()
  fsyncs = 0

  constructor(directory: string, options: DurableFilesOptions) {
    super(directory)
    this.#options = options
  }

  override async init(...[engine, options]: InitArguments): ReturnType<NodeFS["init"]> {
    const result = await super.init(engine, options)
    const { preRun = [] } = result.emscriptenOpts
    // After the hook that mounts the directory: the operations are those of the mounted file system.
    const hooks = [...(Array.isArray(preRun) ? preRun : [preRun]), (module: unknown) => this.#install(module as EngineModule)]
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun: hooks } }
  }

  #install(module: EngineModule): void {
    const files = module.FS.filesystems.NODEFS
    const { read, write } = files.stream_ops
    files.stream_ops.read = this.#announced(read)
    files.stream_ops.write = this.#announced(write)
    files.stream_ops.fsync = (stream) => {
      try {
        this.#sync(stream, files.realPath(stream.node))
        return 0
      } catch {
        // Back as an errno, never swallowed: Postgres panics on a failed fsync, rightly, as the kernel may have dropped the pages.
        return wasiInputOutputError
      }
    }
    module.onAbort = (reason) => this.#options.onDeath(`the engine aborted: ${String(reason)}`)
    module.onExit = (code) => this.#options.onDeath(`the engine ended with code ${code}`)
  }

  #announced(transfer: EngineTransfer): EngineTransfer {
    return (stream, bytes, offset, length, position) => {
      this.#options.onTransfer()
      return transfer(stream, bytes, offset, length, position)
    }
  }

  #sync(stream: EngineStream, path: string): void {
    if (stream.nfd === undefined) this.#syncPath(path)
    else {
      fsyncSync(stream.nfd)
      this.#options.onSync(path)
    }
    this.fsyncs += 1
    // Postgres relies on file systems that make a new file's name durable with its content. Not all do: the first sync of a name syncs
    // its directory too. Renames need nothing here, Postgres syncs the directory itself.
    if (this.#named.has(path)) return
    if (this.#named.size >= namesMax) this.#named.clear()
    this.#syncPath(dirname(path))
    this.#named.add(path)
  }

  #syncPath(path: string): void {
    const descriptor = openSync(path, "r")
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    this.#options.onSync(path)
  }
}

/** Names remembered as durable; beyond that they are synced once more. */
const namesMax = 20_000

/** EIO in the numbering that the engine's system calls use. */
const wasiInputOutputError = 29
