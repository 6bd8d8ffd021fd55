// Settings of the work after a write, from the configuration.
import type { MemoryConfig } from "../../../config/index.ts"
import type { JobSettings } from "./work.ts"

const dayMs = 86_400_000
const retryMs = 30_000

export function jobSettings({ extraction, consolidation, sessionGapMinutes, claimDays, retentionGraceDays }: MemoryConfig): JobSettings {
  return {
    isExtracting: extraction.enabled,
    budget: { microUsdPerDay: Math.round(extraction.budgetUsdPerDay * 1_000_000), callsPerDay: extraction.callsPerDay },
    consolidateAfterFacts: consolidation.afterFacts,
    quietMs: consolidation.quietSeconds * 1_000,
    sessionGapMs: sessionGapMinutes * 60_000,
    claimLifeMs: claimDays * dayMs,
    retentionGraceMs: retentionGraceDays * dayMs,
    retryMs,
  }
}
