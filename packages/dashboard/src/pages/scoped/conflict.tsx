// A write that found something else: who was faster, what is there now, and the two ways on.
import { usePrincipalNames } from "../../data/keys.ts"
import { TimeAgo } from "../../parts/small.tsx"

export interface ConflictProps {
  /** Null where it was taken away. */
  current: { version: number; principal: string; updatedAt: number } | null
  /** What is there, as it would stand in the field. */
  text: string
  onTheirs: () => void
  onMine: () => void
}

export function Conflict({ current, text, onTheirs, onMine }: ConflictProps): React.JSX.Element {
  const nameOf = usePrincipalNames()
  return (
    <div role="alert" className="flex flex-col gap-2 rounded-md bg-warn-soft px-3 py-2 text-sm">
      {current === null ? (
        <p className="text-warn">Nothing was saved: somebody took it away while you were writing.</p>
      ) : (
        <>
          <p className="text-warn">
            Nothing was saved: {nameOf(current.principal)} was faster, <TimeAgo at={current.updatedAt} />. This is version {current.version}
            :
          </p>
          <pre
            tabIndex={0}
            aria-label="What is there now"
            className="max-h-40 overflow-auto rounded border border-line bg-panel px-2 py-1.5 font-mono text-xs break-words whitespace-pre-wrap"
          >
            {text}
          </pre>
        </>
      )}
      <div className="flex flex-wrap gap-2">
        {current === null ? null : (
          <button type="button" className="button" onClick={onTheirs}>
            Go on from this one
          </button>
        )}
        <button type="button" className="button" onClick={onMine}>
          {current === null ? "Write it anew" : "Replace it by mine"}
        </button>
      </div>
    </div>
  )
}
