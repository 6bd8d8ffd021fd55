// How a secret is written in the configuration: by reference to a variable or a file.
import { z } from "zod"

export const secret = z
  .union([
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_]\w*$/)
        .optional(),
      file: z.string().min(1).optional(),
    }),
    z.string().min(1),
  ])
  .meta({ description: "{ env: NAME } or { file: path }" })
