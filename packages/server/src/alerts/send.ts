// One request to one webhook: what came back, in words that name neither the address nor a secret.
import type { AlertConfig } from "../config/index.ts"
import { messageOf, type Limits } from "../core/index.ts"
import { createEgress, type EgressResponse } from "../security/index.ts"
import { bodyOf } from "./message.ts"
import { signatureOf } from "./signature.ts"
import type { AlertEvent } from "./types.ts"

export interface Sent {
  isSent: boolean
  /** `HTTP 503`, or why there was no answer. */
  outcome: string
  /** The beginning of what it answered. */
  answer: string
  /** It said that nothing is to be sent to it any more. */
  isGone: boolean
  retryAfterMs: number | null
}

export type Send = (webhook: AlertConfig, event: AlertEvent, signal: AbortSignal) => Promise<Sent>

export interface SendOptions {
  limits: Pick<Limits, "alertTimeoutMs">
  now: () => number
}

const answerCharactersMax = 300

/** The operator declared the address, so it may be private; nothing it redirects to is followed, and no address of a cloud's credentials is opened. */
export function createSend({ limits, now }: SendOptions): Send {
  return async (webhook, event, signal) => {
    const url = webhook.url.reveal()
    const { origin } = new URL(url)
    const egress = createEgress({
      allow: () => ({ allowed: true, rule: webhook.origin, reason: "declared" }),
      declaredOrigins: [origin],
      limits: { redirectsMax: 0, totalTimeoutMs: limits.alertTimeoutMs, connectTimeoutMs: limits.alertTimeoutMs },
    })
    const body = bodyOf(event, webhook.format)
    const timestamp = Math.floor(now() / 1_000)
    const signature =
      webhook.secret === null ? {} : { "webhook-signature": signatureOf({ id: event.id, timestamp, body }, webhook.secret.reveal()) }
    const headers = { "content-type": "application/json", "webhook-id": event.id, "webhook-timestamp": String(timestamp), ...signature }
    try {
      return await sentOf(await egress.request(url, { method: "POST", headers, body }, signal))
    } catch (error) {
      if (signal.aborted) throw error
      return { isSent: false, outcome: wordsOf(error, url), answer: "", isGone: false, retryAfterMs: null }
    }
  }
}

async function sentOf({ status, headers, body }: EgressResponse): Promise<Sent> {
  let answer = ""
  try {
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      answer += decoder.decode(chunk, { stream: true })
      if (answer.length >= answerCharactersMax) break
    }
  } catch {
    // Its status has been told.
  }
  const [retryAfter] = [headers["retry-after"]].flat()
  const seconds = Number(retryAfter)
  const retryAfterMs = retryAfter !== undefined && seconds > 0 ? seconds * 1_000 : null
  return {
    isSent: status >= 200 && status < 300,
    outcome: `HTTP ${status}`,
    answer: answer.slice(0, answerCharactersMax),
    isGone: status === 410,
    retryAfterMs,
  }
}

/** The path of an address may hold a token. */
function wordsOf(error: unknown, url: string): string {
  const { pathname, search } = new URL(url)
  const text = messageOf(error).slice(0, answerCharactersMax)
  return pathname.length > 1 ? text.replaceAll(pathname + search, "/…") : text
}
