// Public face of alerts: the watches of budgets and deployments, and one request to one webhook.
export { openAlerts, type Alerts } from "./alerts.ts"
export { createSend, type Sent } from "./send.ts"
