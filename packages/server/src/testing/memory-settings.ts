// Settings of the work on memory for tests: rules alone, or nothing but the index where a test says itself what is derived.
import type { ContextDependencies } from "../context/index.ts"

export const memoryForTests: ContextDependencies["memory"] = {
  settings: {
    isExtracting: true,
    budget: { microUsdPerDay: 1_000_000, callsPerDay: 1_000 },
    consolidateAfterFacts: 20,
    quietMs: 60_000,
    sessionGapMs: 30 * 60_000,
    claimLifeMs: 30 * 86_400_000,
    retentionGraceMs: 0,
    retryMs: 50,
  },
  extractionModel: undefined,
  summaryModel: undefined,
}

/** Nothing is read out of messages. */
export const memoryWithoutFacts: ContextDependencies["memory"] = {
  ...memoryForTests,
  settings: { ...memoryForTests.settings, isExtracting: false },
}
