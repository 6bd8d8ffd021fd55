// Metrics: counted by our own instruments, gauges by OpenTelemetry's, read by our own /metrics in Prometheus' text format.
import type { Meter } from "@opentelemetry/api"
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { MeterProvider } from "@opentelemetry/sdk-metrics"
import { Instruments } from "./series.ts"
import { createEvents, type BusinessEvents, type EventOptions } from "./events.ts"

export interface MetricsOptions extends EventOptions {
  readonly version: string
}

export interface Metrics extends AsyncDisposable {
  readonly events: BusinessEvents
  /** A value that is asked for when metrics are read, such as the length of a queue. */
  gauge(name: string, description: string, read: () => number): void
  /** The body of `/metrics`. */
  text(): Promise<string>
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8"

export function createMetrics(options: MetricsOptions): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const resource = resourceFromAttributes({ "service.name": "perdure", "service.version": options.version })
  const provider = new MeterProvider({ readers: [exporter], resource })
  const meter = provider.getMeter("perdure", options.version)
  const serializer = new PrometheusSerializer("", false)
  const instruments = new Instruments({ name: "perdure", version: options.version })
  return {
    events: createEvents(instruments, options),
    gauge: (name, description, read) => addGauge(meter, { name, description, read }),
    text: async () => {
      const { resourceMetrics } = await exporter.collect()
      return serializer.serialize({ ...resourceMetrics, scopeMetrics: [...resourceMetrics.scopeMetrics, instruments.collect()] })
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  }
}

function addGauge(meter: Meter, gauge: { name: string; description: string; read: () => number }): void {
  meter.createObservableGauge(gauge.name, { description: gauge.description }).addCallback((result) => {
    try {
      result.observe(gauge.read())
    } catch {
      // A gauge that can't be read has no value this time; reading metrics must not fail for it.
    }
  })
}
