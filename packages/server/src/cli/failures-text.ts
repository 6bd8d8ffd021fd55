// After which failures a deployment is asked once more, and after which another one is, as the configuration says; in one line.
import type { ServedModel } from "@perdure/contract"

type Configured = Pick<ServedModel["deployments"][number], "retry" | "fallbackOn">

/** Undefined where nothing is configured. */
export function failuresText({ retry, fallbackOn }: Configured): string | undefined {
  const parts = [
    ...(retry ? [retryText(retry)] : []),
    ...(fallbackOn ? [`another after ${fallbackOn.length === 0 ? "no failure" : fallbackOn.join(", ")}`] : []),
  ]
  return parts.length === 0 ? undefined : parts.join("; ")
}

function retryText({ attempts, on, counts, first }: NonNullable<Configured["retry"]>): string {
  const times = attempts === undefined ? "" : ` ${attempts} ${attempts === 1 ? "time" : "times"}`
  const each = counts && Object.entries(counts).map(([failure, count]) => `${failure} ${count}`)
  const after = each ? ` (${each.join(", ")})` : on ? ` after ${on.length === 0 ? "no failure" : on.join(", ")}` : ""
  return `retried${times}${after}${first === true ? ", before another is asked" : ""}`
}
