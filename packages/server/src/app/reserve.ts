// What a call inside the server holds of the limits of whoever it is made for.
import type { Admission, AdmissionRequest, Reservation } from "../accounting/index.ts"
import { AppError, sleep, type Clock, type Limits } from "../core/index.ts"
import { residencyOf, type Identity } from "../security/index.ts"

export interface ReserveOptions {
  admission: Pick<Admission, "reserve">
  clock: Clock
  limits: Pick<Limits, "admissionWaitMs">
}

/** Who is bound, as their key is now; somebody without a key is bound by what is declared for projects and models. */
export function callerLimits(
  identity: Pick<Identity, "principalOfKey">,
  { projectId, principal }: { projectId: string; principal: string },
): Pick<AdmissionRequest, "projectId" | "principalId" | "keyLimits" | "user" | "tags"> {
  const key = identity.principalOfKey(principal)
  return { projectId, principalId: principal, keyLimits: key?.limits ?? null, user: key?.user ?? null, tags: key?.tags ?? [] }
}

/** The only regions in which calls for that principal may be served. */
export function residencyFor(identity: Pick<Identity, "principalOfKey">, principal: string): readonly string[] | undefined {
  const key = identity.principalOfKey(principal)
  return key && residencyOf(key)
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
