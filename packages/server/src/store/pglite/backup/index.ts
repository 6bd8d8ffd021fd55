// Public face of backups of the embedded database.
export { holdStopped, makeBackup, notHere, type MakeBackup } from "./make.ts"
export { restoreBackup, type RestoreBackup } from "./restore.ts"
export type { BackupManifest } from "./manifest.ts"
export { databasePath } from "../directory.ts"
