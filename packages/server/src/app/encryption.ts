// The operator's keys of the configuration as the wrapping of data keys takes them, and their rotation without a server.
import { databaseDirectory, type Config, type EncryptionConfig, type Secret } from "../config/index.ts"
import { AppError } from "../core/index.ts"
import {
  openKeyWrapping,
  openSealer,
  parseMasterKey,
  rewrapDataKeys,
  type MasterKey,
  type MasterKeys,
  type Rotation,
} from "../security/index.ts"
import { openStore } from "../store/index.ts"

export function masterKeys({ key, previousKeys }: EncryptionConfig): MasterKeys {
  return { current: key && masterKey(key), previous: previousKeys.map(masterKey) }
}

function masterKey(secret: Secret): MasterKey {
  const key = parseMasterKey(secret.reveal())
  if (key === undefined) throw new AppError("config_invalid", `The encryption key from ${secret.origin} is not 32 bytes as base64 or hex.`)
  return key
}

/** Wraps all data keys under the configured key, and takes what they were wrapped under before out of the table's files. */
export async function rotateEncryption(config: Config): Promise<Rotation> {
  await using store = await openStore({
    dataDirectory: databaseDirectory(config),
    databaseUrl: config.database.url?.reveal(),
    limits: config.limits,
  })
  const wrapping = await openKeyWrapping(store, await openSealer(store), masterKeys(config.encryption))
  const rotation = await rewrapDataKeys(store, wrapping)
  const { erasureRewriteBytesMax, erasureLogBytesMax, erasureWaitMsMax } = config.limits
  if (rotation.rewrapped > 0) {
    await store.scrubber.scrub({
      rewriteBytesMax: erasureRewriteBytesMax,
      logBytesMax: erasureLogBytesMax,
      waitMs: erasureWaitMsMax,
      tables: ["data_keys"],
    })
  }
  return rotation
}
