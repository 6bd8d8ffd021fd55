// The section `batches`: how much of a process batches may take.
import { z } from "zod"

export const batchSection = {
  batches: z
    .strictObject({
      concurrency: z
        .int()
        .min(1)
        .max(1_000)
        .default(8)
        .meta({ description: "Calls of all batches under way at once in this process; they yield to interactive calls" }),
    })
    .prefault({}),
}
