// What this process does when one of a newer version has migrated the database: goes on and says so, or stops.
import { watchSchema, type NewerSchema, type Store } from "../store/index.ts"
import type { Logger } from "../telemetry/index.ts"

export interface SchemaFollowerOptions {
  store: Pick<Store, "engine" | "system" | "listen">
  logger: Pick<Logger, "info" | "error">
  onError: (what: string, error: unknown) => void
  pollMs?: number
}

export interface SchemaFollower {
  /** Undefined while the schema is the one of this version. */
  readonly newer: NewerSchema | undefined
  /** `onOutdated` is called once, when this process has to stop. */
  follow(onOutdated: () => void): Promise<AsyncDisposable>
}

export function createSchemaFollower({ store, logger, onError, pollMs = 60_000 }: SchemaFollowerOptions): SchemaFollower {
  let newer: NewerSchema | undefined
  const told = (next: NewerSchema, onOutdated: () => void): void => {
    const wasOutdated = newer?.isOutdated === true
    newer = next
    if (wasOutdated) return
    const fields = { migrations: next.migrations }
    if (!next.isOutdated) return logger.info(fields, "a newer version has migrated the database: this process goes on beside it")
    logger.error(fields, "a newer version has changed the database so that this one must not go on: it stops; start the newer version")
    onOutdated()
  }
  return {
    get newer() {
      return newer
    },
    follow: (onOutdated) =>
      watchSchema({
        store,
        pollMs,
        onNewer: (next) => told(next, onOutdated),
        onError: (error) => onError("look for newer migrations", error),
      }),
  }
}
