// What a call inside the server holds of the limits of whoever it is made for.
import type { Admission, AdmissionRequest, Reservation } from "../accounting/index.ts"
import { AppError, sleep, type Clock, type Limits } from "../core/index.ts"
import type { PlanRequest } from "../inference/index.ts"
import { residencyOf, type Identity } from "../security/index.ts"

export interface ReserveOptions {
  admission: Pick<Admission, "reserve">
  clock: Clock
  limits: Pick<Limits, "admissionWaitMs">
}

export interface BoundByOptions {
  identity: Pick<Identity, "principalOfKey">
  limits: Pick<Limits, "keyPollMs">
}

/** What binds a call inside the server: the limits of a key; for whom it is, and the only regions in which it may be served. */
export interface Bounds {
  limits: Pick<AdmissionRequest, "projectId" | "principalId" | "keyLimits" | "user" | "tags">
  placing: Pick<PlanRequest, "caller" | "residency">
}

const lookMs = 50

/**
 * As the key is now; somebody without a key is bound by what is declared for projects and models. Work that outlives its request may outlive its
 * key too, which then refuses it (`invalid_api_key`): without the key nobody knows its limits. One made elsewhere a moment ago is waited for.
 */
export async function boundsOf(
  { identity, limits }: BoundByOptions,
  { projectId, principal }: { projectId: string; principal: string },
  signal: AbortSignal,
): Promise<Bounds> {
  const caller = { projectId, id: principal }
  if (!principal.startsWith("key_"))
    return { limits: { projectId, principalId: principal, keyLimits: null, user: null, tags: [] }, placing: { caller } }
  for (let looksLeft = Math.ceil((2 * limits.keyPollMs) / lookMs); ; looksLeft -= 1) {
    const key = identity.principalOfKey(principal)
    if (key) {
      const { limits: keyLimits, user, tags } = key
      const residency = residencyOf(key)
      const bound = { projectId, principalId: principal, keyLimits, user, tags }
      return { limits: bound, placing: residency ? { caller, residency } : { caller } }
    }
    if (looksLeft <= 0) throw keyEnded(principal)
    await sleep(lookMs, signal)
  }
}

function keyEnded(id: string): AppError {
  return new AppError("invalid_api_key", `The API key '${id}' that this work is done for was revoked or blocked, or its time is over.`, {
    hint: "Start the work again with a key that is good.",
  })
}

/** Patient work waits for its rate instead of failing, for a while; a budget that is used up ends it at once. */
export async function reserveFor(
  { admission, clock, limits }: ReserveOptions,
  request: AdmissionRequest,
  { isPatient, signal }: { isPatient: boolean; signal: AbortSignal },
): Promise<Reservation> {
  const until = clock.monotonic() + limits.admissionWaitMs
  for (;;) {
    try {
      return await admission.reserve(request)
    } catch (error) {
      const waitMs = error instanceof AppError && error.code === "rate_limit_exceeded" ? error.retryAfterMs : undefined
      if (!isPatient || waitMs === undefined || clock.monotonic() + waitMs > until) throw error
      await sleep(waitMs, signal)
    }
  }
}
