// What somebody is told: one event, as it is posted to webhooks.
import type { AlertType } from "../config/index.ts"
import type { JsonObject } from "../core/index.ts"

export interface AlertEvent {
  id: string
  type: AlertType | "test"
  /** Epoch milliseconds. */
  createdAt: number
  /** null: it is of no project, or of all of them. */
  projectId: string | null
  data: JsonObject
}

/** An event that was noticed and is in no database yet. */
export interface Notice {
  type: AlertType
  projectId: string | null
  /** The same for the same thing: it is told once. Absent: the state of its deployment says whether it is news. */
  occasion?: string
  data: JsonObject
  /** Epoch milliseconds until which the occasion must be known; null: for ever. */
  keepUntil: number | null
  deployment?: { id: string; isDown: boolean }
}
