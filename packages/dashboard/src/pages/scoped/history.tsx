// What a block or a state was, newest first, and a way back to each.
import { usePrincipalNames } from "../../data/keys.ts"
import { trustText } from "../../lib/memory-look.ts"
import { Failure, Loading, TimeAgo } from "../../parts/small.tsx"

export interface PastVersion {
  version: number
  op: string
  /** As it stands in a field; null where it was taken away. */
  text: string | null
  label: { integrity: number }
  principal: string
  at: number
}

export interface HistoryProps {
  versions: readonly PastVersion[] | undefined
  error: Error | null
  /** The version that is there now. */
  current: number
  onRestore: (text: string) => void
}

const words: Readonly<Record<string, string>> = { write: "written", confirm: "confirmed", rename: "renamed", delete: "deleted" }

export function History({ versions, error, current, onRestore }: HistoryProps): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <section aria-label="History">
      <h2 className="heading mb-2">History</h2>
      {error ? <Failure error={error} /> : null}
      {versions === undefined && !error ? <Loading /> : null}
      {versions === undefined ? null : (
        <ol className="panel divide-y divide-line">
          {versions.map(({ version, op, text, label, principal, at }) => (
            <li key={version} data-version={version} className="flex flex-col gap-1.5 px-4 py-2.5 text-sm">
              <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-dim">
                <span className="font-medium text-ink">version {version}</span>
                <span>
                  {words[op] ?? op} by {nameOf(principal)}
                </span>
                <span>{trustText(label.integrity)}</span>
                <TimeAgo at={at} />
                {version === current ? <span className="text-good">there now</span> : null}
                {text === null || version === current ? null : (
                  <button type="button" className="button ml-auto" onClick={() => onRestore(text)}>
                    Bring back
                  </button>
                )}
              </p>
              {text === null ? null : (
                <pre
                  tabIndex={0}
                  aria-label={`Version ${version}`}
                  className="max-h-32 overflow-auto font-mono text-xs break-words whitespace-pre-wrap text-dim"
                >
                  {text}
                </pre>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
