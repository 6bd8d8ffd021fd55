// Failures as the clients of a response read them.
import { expect, it } from "vitest"
import { StoreError } from "../store/index.ts"
import { callError, errorData } from "./response-error.ts"

it("tells nothing of what the database said, thrown as it is or by a step", () => {
  const error = new StoreError("server_error", 'relation "secret_table" does not exist', { sqlState: "42P01" })
  for (const thrown of [error, new Error("step turn:1 failed", { cause: error })]) {
    const told = errorData(callError(thrown))
    expect(JSON.stringify(told)).not.toContain("secret")
    expect(told["message"]).toBe("the database failed (server_error)")
  }
})
