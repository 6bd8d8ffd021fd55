// The published error codes with their HTTP status and the dialect-neutral type; codes are stable, messages are not.

/** `code → [HTTP status, OpenAI error type]`. */
export const errorCodes = {
  invalid_request: [400, "invalid_request_error"],
  invalid_json: [400, "invalid_request_error"],
  invalid_type: [400, "invalid_request_error"],
  unsupported_value: [400, "invalid_request_error"],
  unknown_parameter: [400, "invalid_request_error"],
  missing_required_parameter: [400, "invalid_request_error"],
  content_blocked: [400, "invalid_request_error"],
  context_length_exceeded: [400, "invalid_request_error"],
  previous_response_not_found: [400, "invalid_request_error"],
  session_expired: [400, "invalid_request_error"],
  websocket_connection_limit_reached: [400, "invalid_request_error"],
  websocket_stream_limit_reached: [400, "invalid_request_error"],
  invalid_api_key: [401, "invalid_request_error"],
  insufficient_quota: [429, "insufficient_quota"],
  permission_denied: [403, "invalid_request_error"],
  policy_denied: [403, "invalid_request_error"],
  model_not_allowed: [403, "invalid_request_error"],
  endpoint_not_allowed: [403, "invalid_request_error"],
  not_found: [404, "invalid_request_error"],
  model_not_found: [404, "invalid_request_error"],
  method_not_allowed: [405, "invalid_request_error"],
  conflict: [409, "invalid_request_error"],
  stream_cursor_expired: [410, "invalid_request_error"],
  precondition_failed: [412, "invalid_request_error"],
  request_too_large: [413, "invalid_request_error"],
  file_too_large: [413, "invalid_request_error"],
  invalid_file: [400, "invalid_request_error"],
  unsupported_file: [400, "invalid_request_error"],
  unsupported_media_type: [415, "invalid_request_error"],
  upgrade_required: [426, "invalid_request_error"],
  rate_limit_exceeded: [429, "rate_limit_error"],
  client_closed_request: [499, "invalid_request_error"],
  server_error: [500, "server_error"],
  feature_unavailable: [501, "server_error"],
  upstream_error: [502, "server_error"],
  upstream_stream_ended: [502, "server_error"],
  guard_unavailable: [503, "server_error"],
  memory_unavailable: [503, "server_error"],
  overloaded: [503, "server_error"],
  shutting_down: [503, "server_error"],
  upstream_timeout: [504, "server_error"],
  config_invalid: [500, "server_error"],
  data_directory_locked: [500, "server_error"],
  data_directory_damaged: [500, "server_error"],
  data_directory_unusable: [500, "server_error"],
  database_unavailable: [503, "server_error"],
  database_timeout: [504, "server_error"],
  database_read_only: [503, "server_error"],
  database_full: [507, "server_error"],
  migration_failed: [500, "server_error"],
  migration_required: [500, "server_error"],
  run_conflict: [409, "invalid_request_error"],
  run_needs_migration: [500, "server_error"],
  run_in_doubt: [409, "invalid_request_error"],
  step_output_too_large: [400, "invalid_request_error"],
  cancelled: [499, "invalid_request_error"],
} as const satisfies Record<string, readonly [number, string]>

export type ErrorCode = keyof typeof errorCodes

export function errorStatus(code: ErrorCode): number {
  return errorCodes[code][0]
}

export function errorType(code: ErrorCode): string {
  return errorCodes[code][1]
}
