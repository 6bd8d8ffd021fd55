// Every named limit of the server: queues, bodies, pages, waits. Units are in the names. Defaults here; the config may lower or raise some.
import { admissionLimits, type AdmissionLimits } from "./limits/admission.ts"
import { alertLimits, type AlertLimits } from "./limits/alerts.ts"
import { answerLimits, type AnswerLimits } from "./limits/answers.ts"
import { batchLimits, type BatchLimits } from "./limits/batches.ts"
import { documentLimits, type DocumentLimits } from "./limits/documents.ts"
import { memoryLimits, type MemoryLimits } from "./limits/memory.ts"
import { processLimits, type ProcessLimits } from "./limits/process.ts"
import { projectLimits, type ProjectLimits } from "./limits/projects.ts"
import { requestLimits, type RequestLimits } from "./limits/requests.ts"
import { runLimits, type RunLimits } from "./limits/runs.ts"
import { socketLimits, type SocketLimits } from "./limits/sockets.ts"
import { upstreamLimits, type UpstreamLimits } from "./limits/upstream.ts"

export interface Limits
  extends
    AdmissionLimits,
    RunLimits,
    UpstreamLimits,
    RequestLimits,
    SocketLimits,
    ProcessLimits,
    ProjectLimits,
    DocumentLimits,
    MemoryLimits,
    BatchLimits,
    AlertLimits,
    AnswerLimits {}

export const defaultLimits: Limits = {
  ...admissionLimits,
  ...runLimits,
  ...upstreamLimits,
  ...requestLimits,
  ...socketLimits,
  ...processLimits,
  ...projectLimits,
  ...documentLimits,
  ...memoryLimits,
  ...batchLimits,
  ...alertLimits,
  ...answerLimits,
}
