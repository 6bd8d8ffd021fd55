// LiteLLM's alerting as webhooks: to Slack and to an address of one's own, with the kinds that have a counterpart.
import type { ConfigInput } from "../../config/index.ts"
import type { Section } from "./section.ts"

type AlertInput = NonNullable<ConfigInput["alerts"]>[number]
type AlertType = NonNullable<AlertInput["on"]>[number]

/** LiteLLM's ways out with an address, and the variable from which it reads that. */
const ways: Readonly<Record<string, { variable: string; format: "slack" | "json" }>> = {
  slack: { variable: "SLACK_WEBHOOK_URL", format: "slack" },
  webhook: { variable: "WEBHOOK_URL", format: "json" },
}

const kinds: Readonly<Record<string, readonly AlertType[]>> = {
  budget_alerts: ["budget.threshold", "budget.exceeded"],
  outage_alerts: ["deployment.down", "deployment.up"],
  region_outage_alerts: ["deployment.down", "deployment.up"],
  cooldown_deployment: ["deployment.down", "deployment.up"],
  llm_exceptions: ["deployment.down", "deployment.up"],
}

const seeHowTo = "See docs/how-to/alerts.md."

export function alertsOf(general: Section): AlertInput[] {
  const on = kindsOf(general)
  const alerts = general.words("alerting").flatMap((way): AlertInput[] => {
    const known = ways[way]
    if (!known) {
      general.left("alerting", `alerts go to webhooks, not by ${JSON.stringify(way)}`, seeHowTo)
      return []
    }
    general.report.wants(known.variable, general.at("alerting"))
    const { variable, format } = known
    return [{ name: `litellm-${way}`, url: { env: variable }, format, ...(on === undefined ? {} : { on: [...on] }) }]
  })
  if (alerts.some(({ format }) => format === "json")) general.differs("alerting", "what is posted has members of its own", seeHowTo)
  for (const key of ["alerting_threshold", "alerting_args"])
    if (general.take(key) !== undefined)
      general.left(key, "nobody is told of slow calls", "Alert by gen_ai_server_request_duration at GET /metrics.")
  if (general.take("alert_to_webhook_url") !== undefined)
    general.left("alert_to_webhook_url", "each webhook says itself what it is told of", "Add one to alerts with `on` for each address.")
  return alerts
}

/** Undefined: all of them. */
function kindsOf(general: Section): AlertType[] | undefined {
  const words = general.words("alert_types")
  const others = words.filter((word) => kinds[word] === undefined)
  if (others.length > 0) general.left("alert_types", `nobody is told of ${others.join(", ")}`, "Alert by the metrics at GET /metrics.")
  const known = [...new Set(words.flatMap((word) => kinds[word] ?? []))]
  return known.length === 0 ? undefined : known
}
