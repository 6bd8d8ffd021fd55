// JSON to look into: members open on demand, long lists and texts are cut, encoded binaries are never drawn.
import { useState } from "react"
import { isRecord } from "../lib/json.ts"
import { Icon } from "./icons.tsx"

const membersShown = 100
const textShown = 2_000
const openDepth = 2

export function JsonView({ value, depth = 0 }: { value: unknown; depth?: number }): React.JSX.Element {
  if (Array.isArray(value))
    return <Branch entries={value.map((item, index) => [String(index), item] as const)} brackets="[]" depth={depth} />
  if (isRecord(value)) return <Branch entries={Object.entries(value)} brackets="{}" depth={depth} />
  return <Leaf value={value} />
}

type Entries = readonly (readonly [string, unknown])[]

function Branch({ entries, brackets, depth }: { entries: Entries; brackets: string; depth: number }): React.JSX.Element {
  const [open, setOpen] = useState(depth < openDepth && entries.length <= 40)
  const [shown, setShown] = useState(membersShown)
  if (entries.length === 0) return <span className="text-dim">{brackets}</span>
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="inline-flex items-center rounded text-dim hover:text-ink"
      >
        <Icon name="chevron" className={`size-3 transition-transform ${open ? "rotate-90" : ""}`} />
        <span>
          {brackets[0]}
          {open ? "" : ` ${entries.length} ${brackets[1]}`}
        </span>
        <span className="sr-only">{open ? "Close" : "Open"}</span>
      </button>
      {open ? (
        <div className="border-l border-line pl-4">
          {entries.slice(0, shown).map(([name, item]) => (
            <div key={name}>
              <span className="text-accent">{name}</span>
              <span className="text-dim">: </span>
              <JsonView value={item} depth={depth + 1} />
            </div>
          ))}
          {entries.length > shown ? <More rest={entries.length - shown} onMore={() => setShown(shown + membersShown)} /> : null}
        </div>
      ) : null}
      {open ? <span className="text-dim">{brackets[1]}</span> : null}
    </>
  )
}

function Leaf({ value }: { value: unknown }): React.JSX.Element {
  const [whole, setWhole] = useState(false)
  if (typeof value !== "string") return <span className={typeof value === "number" ? "text-live" : "text-warn"}>{String(value)}</span>
  if (isEncoded(value)) return <span className="text-dim">{`(${value.length} characters of encoded data)`}</span>
  const cut = !whole && value.length > textShown
  return (
    <span className="break-words whitespace-pre-wrap text-good">
      {JSON.stringify(cut ? value.slice(0, textShown) : value)}
      {cut ? <More rest={value.length - textShown} onMore={() => setWhole(true)} /> : null}
    </span>
  )
}

function More({ rest, onMore }: { rest: number; onMore: () => void }): React.JSX.Element {
  return (
    <button type="button" onClick={onMore} className="block text-dim underline hover:text-ink">
      … {rest} more
    </button>
  )
}

function isEncoded(text: string): boolean {
  return text.startsWith("data:") || (text.length > 500 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text.slice(0, 500)))
}
