// Public face of accounting.
export type { LightRunRecord } from "./types.ts"
export { createRecords, type Records, type RecordsOptions } from "./records.ts"
export { costOf, createPrices, priceFromUsd, type Cost, type Price, type PricedDeployment, type Prices } from "./prices.ts"
export { createUsageSummary, type UsageGroup, type UsageRow, type UsageSummary } from "./usage.ts"
