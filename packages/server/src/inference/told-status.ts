// The status that an error without one would have had: by the words with which providers name it, inside a 200 or a stream.
import type { ToldError } from "./told-error.ts"

/** In small letters without anything between them: `rate_limit_error`, `RESOURCE_EXHAUSTED`, `ThrottlingException`. */
const statuses: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [
        400,
        "invalid_request_error invalid_request invalid_argument bad_request bad_request_error context_length_exceeded validation_exception",
      ],
      [401, "authentication_error unauthorized unauthenticated invalid_api_key invalid_authentication incorrect_api_key_provided"],
      [401, "expired_api_key invalid_key token_expired account_deactivated unrecognized_client_exception expired_token_exception"],
      [402, "billing_error billing_not_active payment_required insufficient_credits insufficient_balance"],
      [403, "permission_error permission_denied forbidden access_denied access_denied_exception unsupported_country_region_territory"],
      [404, "not_found_error not_found model_not_found model_not_found_error resource_not_found_exception"],
      [504, "deadline_exceeded timeout_error request_timeout model_timeout_exception"],
      [413, "request_too_large"],
      [429, "rate_limit_error rate_limit_exceeded rate_limit_exceeded_error rate_limit_reached_error rate_limited too_many_requests"],
      [429, "too_many_requests_error insufficient_quota quota_exceeded exceeded_current_quota_error resource_exhausted"],
      [429, "throttling_exception throttling throttled service_quota_exceeded_exception model_not_ready_exception tokens requests"],
      [503, "unavailable service_unavailable service_unavailable_error service_unavailable_exception engine_overloaded"],
      [503, "engine_overloaded_error server_overloaded model_overloaded overloaded"],
      [529, "overloaded_error"],
    ] as const
  ).flatMap(([status, words]) => words.split(" ").map((word) => [plain(word), status])),
)

/** The number that it names, else the one of its code, which says more than its type. Null where it has no word that is known. */
export function statusTold({ status, code, type }: ToldError): number | null {
  if (status !== null && status >= 400 && status < 600) return status
  const known = [code, type].map((word) => (word === null ? undefined : statuses[plain(word)]))
  return known.find((each) => each !== undefined) ?? null
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, "")
}
