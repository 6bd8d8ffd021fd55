// Notices keys that will expire soon: once for each end that a key is given.
import { alerts, type Store } from "../store/index.ts"
import type { Notice } from "./types.ts"

const dayMs = 24 * 60 * 60 * 1000
const noticeMs = 7 * dayMs
const keysMax = 1_000

export async function expiringKeyNotices(db: Store["system"]): Promise<Notice[]> {
  const keys = await alerts.expiringKeys(db, noticeMs, keysMax)
  return keys.map(({ id, projectId, name, expiresAt }) => ({
    type: "key.expiring",
    projectId,
    occasion: `key.expiring ${id} ${expiresAt}`,
    data: { key: id, name, expiresAt: new Date(expiresAt).toISOString() },
    keepUntil: expiresAt + dayMs,
  }))
}
