// What a backup says of itself, before its files: who wrote it, in which versions, and what is in it.
import { z } from "zod"
import { formatSchema } from "../directory.ts"

export const manifestName = "perdure-backup.json"
export const manifestBytesMax = 16 * 1024 * 1024

export const manifestSchema = z.object({
  backup: z.literal(1),
  /** The version of Perdure that made it. */
  perdure: z.string(),
  createdAt: z.string(),
  database: formatSchema,
  /** All that were applied, in their order. */
  migrations: z.array(z.string()),
  /** Rows by table, counted in a copy that was opened. */
  rows: z.record(z.string(), z.number().int()),
  files: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })),
})

export type BackupManifest = z.infer<typeof manifestSchema>
