// JSON as Postgres can hold it: jsonb refuses the NUL character and half a surrogate pair, which clients can send.

// JSON.stringify escapes exactly these two; an even number of backslashes before means that the escape is one.
const unstorable = /((?<!\\)(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

/** The JSON text of `value` with U+FFFD in place of what jsonb cannot hold. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(unstorable, "$1\\ufffd")
}
