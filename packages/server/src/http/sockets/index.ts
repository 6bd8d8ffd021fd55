// WebSockets.
export { PeerSocket } from "./peer-socket.ts"
export { asksForWebSocket, Upgrades, type UpgradeCall, type UpgradedConnection, type UpgradeRoute } from "./upgrades.ts"
