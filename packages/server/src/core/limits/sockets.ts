// WebSockets: of Responses and of realtime sessions.
export interface SocketLimits {
  /** WebSockets of clients that one process keeps open. */
  socketsMax: number
  /** Between two signs of life that a WebSocket's peer is asked for; one that gives none until the next is cut. */
  socketPingMs: number
  /** Unsent bytes of one WebSocket at which its writer waits. */
  socketBufferedBytesMax: number
  /** Life of a WebSocket of the Responses API; OpenAI's is an hour too. */
  socketLifeMs: number
  /** Responses that one such WebSocket makes at the same time: one for each `stream_id` that its client uses. */
  socketLanesMax: number
  /** Requests that wait on one such WebSocket before it is read no further. */
  socketTurnsQueuedMax: number
  /** Responses with store: false that one such WebSocket holds for whoever continues them; the oldest leave. */
  socketResponsesKeptMax: number
  /** Largest message of a realtime session; audio is sent in pieces. */
  realtimeMessageBytesMax: number
  /** Longest time in which a realtime session may carry nothing, and its whole life; OpenAI's is an hour too. */
  realtimeIdleMs: number
  realtimeLifeMs: number
  /** Complete texts of one guarded session that are remembered, to be told again with their items. */
  realtimeGuardedTextsMax: number
  /** Sound of one guarded session that waits for its transcript to pass a guard that may block it; a longer answer is blocked. */
  realtimeHeldSoundBytesMax: number
  /** Settings of a session that a client secret carries; it has to fit into a header. */
  clientSecretSessionBytesMax: number
}

export const socketLimits: SocketLimits = {
  socketsMax: 10_000,
  socketPingMs: 30_000,
  socketBufferedBytesMax: 1024 * 1024,
  socketLifeMs: 3_600_000,
  socketLanesMax: 8,
  socketTurnsQueuedMax: 16,
  socketResponsesKeptMax: 16,
  realtimeMessageBytesMax: 16 * 1024 * 1024,
  realtimeIdleMs: 900_000,
  realtimeLifeMs: 3_600_000,
  realtimeGuardedTextsMax: 1_000,
  realtimeHeldSoundBytesMax: 16 * 1024 * 1024,
  clientSecretSessionBytesMax: 4_096,
}
