// The buckets of OpenTelemetry's GenAI conventions, and our own for what is faster.

export const durationBuckets: number[] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
export const firstTokenBuckets: number[] = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
export const tokenBuckets: number[] = Array.from({ length: 14 }, (_, power) => 4 ** power)
/** Our own share of a request, from half a millisecond. */
export const overheadBuckets: number[] = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1]
