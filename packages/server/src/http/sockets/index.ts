// WebSockets of clients.
export { ClientSocket, closeReason } from "./client-socket.ts"
export { asksForWebSocket, Upgrades, type UpgradeCall, type UpgradedConnection, type UpgradeRoute } from "./upgrades.ts"
