// WebSockets of clients.
export { asksForWebSocket, Upgrades, type UpgradeCall, type UpgradedConnection, type UpgradeRoute } from "./upgrades.ts"
