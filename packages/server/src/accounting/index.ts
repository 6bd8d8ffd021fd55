// Public face of accounting.
export type { LightRunRecord } from "./types.ts"
export { createRecords, type Records, type RecordsOptions } from "./records.ts"
export { assumedPrice, priceFromConfig } from "./configured-price.ts"
export {
  costOf,
  createPrices,
  priceFromUsd,
  type Cost,
  type Price,
  type PricedDeployment,
  type PricedPieces,
  type PricedUsage,
  type Prices,
} from "./prices.ts"
export { dearestPrice } from "./dearest-price.ts"
export { createLimitReader, type ReadLimits } from "./limit-status.ts"
export { createUsageSummary, type UsageGroup, type UsageRow, type UsageSummary } from "./usage.ts"
export { createAdmission, type AdmissionOptions } from "./admission/admission.ts"
export { openLedger, type Ledger } from "./admission/ledger.ts"
export { LimitError } from "./admission/refusal.ts"
export { rulesOfConfig, type LimitRule } from "./admission/rules.ts"
export type { Admission, AdmissionRequest, LimitState, LimitWindow, Reservation } from "./admission/types.ts"
export { openAiLimitsOf, setAnthropicLimitHeaders, setOpenAiLimitHeaders } from "./limit-headers.ts"
export { openTally, type Tally, type Unrecorded } from "./tally.ts"
