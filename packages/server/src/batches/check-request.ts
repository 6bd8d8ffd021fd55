// What a new batch of OpenAI's form must be before its file is read.
import type { Files } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import { requireEndpoint, type Principal } from "../security/index.ts"
import type { StoredFile } from "../store/index.ts"
import { batchEndpoints, type NewBatchRequest } from "./types.ts"

const completionWindow = "24h"

/** The file of its requests; throws what is wrong. */
export async function checkRequest(files: Pick<Files, "get">, principal: Principal, request: NewBatchRequest): Promise<StoredFile> {
  if (!(batchEndpoints as readonly string[]).includes(request.endpoint))
    throw new AppError("unsupported_value", `batches of "${request.endpoint.slice(0, 100)}" are not supported`, {
      param: "endpoint",
      hint: `Use one of ${batchEndpoints.join(", ")}.`,
    })
  requireEndpoint(principal, "POST", request.endpoint)
  if (request.completionWindow !== completionWindow)
    throw new AppError("unsupported_value", `the completion window "${request.completionWindow.slice(0, 100)}" is not supported`, {
      param: "completion_window",
      hint: `It must be ${completionWindow}.`,
    })
  const file = await files
    .get({ projectId: principal.projectId, principal: principal.id, user: principal.user }, request.inputFileId)
    .catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error
      throw new AppError("not_found", error.message, { param: "input_file_id", hint: "Upload it with the purpose batch." })
    })
  if (file.purpose === "batch") return file
  throw new AppError("invalid_request", `the file ${file.id} has the purpose "${file.purpose}"; a batch reads files of the purpose batch`, {
    param: "input_file_id",
    hint: "Upload it again with purpose=batch.",
  })
}
