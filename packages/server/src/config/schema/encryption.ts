// The section `encryption`: the operator's key that wraps data keys, kept outside of the database.
import { z } from "zod"
import { secret } from "./secrets.ts"

export const encryptionSection = {
  encryption: z
    .strictObject({
      key: secret.optional().meta({
        description:
          "32 bytes as base64 or hex, as { env: NAME } or { file: path }: wraps the keys of data, so that copies of the database are unreadable without it. The installation's secret in the database wraps them when absent",
      }),
      previousKeys: z
        .array(secret)
        .max(16)
        .default([])
        .meta({ description: "Keys of before, until perdure encryption rotate has wrapped everything under the present one" }),
    })
    .prefault({}),
}
