// An alert as a person reads it.
import type { Alert } from "@perdure/client"

export function alertText({ type, data }: Pick<Alert, "type" | "data">): string {
  const text = (name: string): string => (typeof data[name] === "string" ? data[name] : "")
  if (type === "budget.threshold") return `Budget ${text("budget")}${whom(data)}: ${Math.round(Number(data["threshold"]) * 100)} % used`
  if (type === "budget.exceeded") return `Budget ${text("budget")}${whom(data)} refuses calls`
  if (type === "deployment.down") return `Deployment ${text("deployment")} is down (${text("failure")})`
  if (type === "deployment.up") return `Deployment ${text("deployment")} answers again`
  return `Key ${text("name")} expires at ${text("expiresAt")}`
}

function whom({ scope }: Alert["data"]): string {
  if (typeof scope !== "object" || scope === null) return ""
  const parts = Object.entries(scope).filter(([name]) => name !== "project")
  return parts.length === 0
    ? ""
    : ` for ${parts.map(([name, value]) => (value === "" ? `no ${name}` : `${name} ${String(value)}`)).join(", ")}`
}
