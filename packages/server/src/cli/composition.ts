// What the command line needs of the composed server, and how it is loaded only by the commands that need it.
import type { Deployments, Usage, UsageQuery } from "@perdure/contract"
import type { Config } from "../config/index.ts"
import type { Ranking } from "../context/index.ts"
import type { KeyAdmin, Rotation } from "../security/index.ts"

/** A server that listens. */
export interface RunningPerdure extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The key that was created because this data directory had none; shown once. */
  readonly apiKeyCreated?: string
  /** The project that new keys and dashboard sessions belong to. */
  readonly projectId: string
  readonly identity: KeyAdmin
  /** What the configuration declares and what discovery found, one line each. */
  readonly report: readonly string[]
  /** Of the embedded database: its directory at rest for as long as `work` runs. */
  readonly holdDatabase: (<T>(work: (directory: string) => Promise<T>) => Promise<T>) | undefined
  /** A dashboard address with a token that works once. */
  loginUrl(): string
  /** Models, where they are served, and how each place fares. */
  deployments(): Deployments
  /** What the project spent. */
  usage(query: UsageQuery): Promise<Usage>
  /** Puts another configuration into force as far as that goes without a restart; rejects with what is wrong with it. */
  reload(load: () => Promise<Config>): Promise<{ readonly changed: readonly string[]; readonly needsRestart: readonly string[] }>
  /** Stops intake, drains, closes. */
  close(): Promise<void>
}

/** The store with its keys, without a server: for `keys` when nothing runs. */
export interface OpenedKeys extends AsyncDisposable {
  readonly projectId: string
  readonly identity: KeyAdmin
}

/** The retrieval of a data directory, without a server: for `retrieval fit`. */
export interface OpenedRanking extends AsyncDisposable {
  readonly projectId: string
  readonly ranking: Ranking
}

export interface Composition {
  /** `onFatal` is told once when the database is lost for good, `onOutdated` when a newer version has changed it so that this one has to close. */
  readonly createPerdure: (
    config: Config,
    overrides: { onFatal: (error: Error) => void; onOutdated?: () => void },
  ) => Promise<RunningPerdure>
  readonly openKeys: (config: Config) => Promise<OpenedKeys>
  readonly openRanking: (config: Config) => Promise<OpenedRanking>
  /** Wraps all data keys under the configured key. */
  readonly rotateEncryption: (config: Config) => Promise<Rotation>
}

/** Loads the composition: half a second that `version` and `config` do not spend. */
export async function loadComposition(): Promise<Composition> {
  return import("../app/index.ts")
}
