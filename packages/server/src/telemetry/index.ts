// Public face of telemetry: the log, the metrics with their business events, spans of a run, the words of health.
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from "./logger.ts"
export { createMetrics, metricsContentType, type Metrics, type MetricsOptions } from "./metrics.ts"
export type { BusinessEvents, ModelCallEnded, RequestEnded } from "./events.ts"
export type { AttributeValue, RunSummary, Span, SpanEvent } from "./span.ts"
export { spansOf } from "./spans.ts"
export type { HealthCheck, HealthReport, HealthResult, Liveness } from "./health.ts"
export { sparing, type RepeatedFailure } from "./sparing-log.ts"
