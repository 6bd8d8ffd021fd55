// The routes of durable runs: start, read and follow, signal, decide.
import * as runs from "./runs.ts"

export const runRoutes = [
  {
    method: "POST",
    path: "/v1/runs",
    summary: "Start a workflow; the same Idempotency-Key gives the same run",
    request: runs.runStartRequestSchema,
    response: runs.runSchema,
  },
  { method: "GET", path: "/v1/runs", summary: "List runs, newest first", query: runs.runListQuerySchema, response: runs.runListSchema },
  {
    method: "GET",
    path: "/v1/runs/stream",
    summary: "Follow the list: a run's summary whenever it changes",
    response: null,
    responseType: "text/event-stream",
  },
  { method: "GET", path: "/v1/runs/{id}", summary: "Read a run", response: runs.runSchema },
  {
    method: "GET",
    path: "/v1/runs/{id}/events",
    summary: "Read a run's log",
    query: runs.runEventsQuerySchema,
    response: runs.runEventsSchema,
  },
  {
    method: "GET",
    path: "/v1/runs/{id}/spans",
    summary: "Read a run as a trace: its log as a tree of OpenTelemetry spans",
    response: runs.runSpansSchema,
  },
  {
    method: "GET",
    path: "/v1/runs/{id}/stream",
    summary: "Follow a run's log; each frame's id is the event's seq",
    query: runs.runStreamQuerySchema,
    response: null,
    responseType: "text/event-stream",
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/cancel",
    summary: "Cancel a run",
    request: runs.runCancelRequestSchema,
    response: runs.runCancelSchema,
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/signals/{name}",
    summary: "Send a signal that a run waits for, or will",
    request: runs.runSignalRequestSchema,
    response: runs.runSignalSchema,
  },
  {
    method: "POST",
    path: "/v1/runs/{id}/resolve",
    summary: "Decide on a run that is in doubt",
    request: runs.runResolveRequestSchema,
    response: runs.runSchema,
  },
] as const
