// What an erasure took or would take, what its proof found, what remains elsewhere, and the hash that seals the receipt.
import type { Erasure } from "@perdure/client"
import { countsOf, leftovers, statusText } from "../lib/erasure-look.ts"
import { formatCount } from "../lib/format.ts"
import { Copy } from "./small.tsx"

export function Receipt({ erasure }: { erasure: Erasure }): React.JSX.Element {
  const { receipt, receiptHash, dryRun, status } = erasure
  const counts = receipt === null ? [] : countsOf(receipt)
  return (
    <div className="flex flex-col gap-2 text-sm" aria-live="polite">
      <p className={status === "failed" || status === "incomplete" ? "text-bad" : "text-dim"}>{statusText(erasure)}</p>
      {receipt === null ? null : counts.length === 0 ? (
        <p>{dryRun ? "There is nothing to erase." : "There was nothing to erase."}</p>
      ) : (
        <ul className="flex flex-wrap gap-x-4 gap-y-1">
          {counts.map(([what, count]) => (
            <li key={what}>
              {what}: {formatCount(count)}
            </li>
          ))}
        </ul>
      )}
      {receipt === null || dryRun ? null : <Proof receipt={receipt} />}
      {receiptHash === null ? null : (
        <p className="flex items-center gap-1 text-xs text-dim">
          <span className="min-w-0 truncate font-mono" title="SHA-256 over the receipt">
            {receiptHash}
          </span>
          <Copy text={receiptHash} label="Copy the receipt’s hash" />
        </p>
      )}
    </div>
  )
}

function Proof({ receipt }: { receipt: NonNullable<Erasure["receipt"]> }): React.JSX.Element {
  const { verified, remains } = receipt
  const left = leftovers(receipt)
  return (
    <>
      {verified === null ? null : (
        <p>
          {formatCount(verified.texts)} texts were looked for in all tables
          {verified.files === null ? "" : ` and ${formatCount(verified.files)} files`}:{" "}
          {left.length === 0 ? "none was found." : `found in ${left.join(", ")}.`}
        </p>
      )}
      {remains.length === 0 ? null : (
        <details className="text-xs text-dim">
          <summary className="cursor-pointer hover:text-ink">What remains elsewhere, and until when</summary>
          <ul className="mt-1 flex list-disc flex-col gap-1 pl-4">
            {remains.map(({ where, what, until }) => (
              <li key={`${where} ${what}`}>
                {where}: {what}, until {until}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}
