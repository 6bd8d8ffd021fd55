// Headers that requests to a provider carry, as the configuration has them.
import { z } from "zod"
import { secret } from "./secrets.ts"

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/)
  .meta({ description: "the name of a header" })

export const headersSchema = z.record(headerName, secret)
