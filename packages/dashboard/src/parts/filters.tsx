// What narrows a list: a search that waits until the typing pauses, a choice of one of several, and what is there where nothing fits.
import { useEffect, useRef, useState } from "react"
import { Icon } from "./icons.tsx"

const typingPauseMs = 250

export interface SearchFieldProps {
  label: string
  placeholder: string
  value: string
  onChange: (value: string) => void
  field?: React.RefObject<HTMLInputElement | null>
  /** The key that leads here. */
  shortcut?: string
}

export function SearchField({ label, placeholder, value, onChange, field, shortcut }: SearchFieldProps): React.JSX.Element {
  const [text, setText] = useState(value)
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => latest.current(text), typingPauseMs)
    return () => clearTimeout(timer)
  }, [text, value])
  return (
    <div className="relative max-w-96 min-w-40 flex-1">
      <Icon name="search" className="absolute top-2 left-2.5 text-dim" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur()
        }}
        className={`field w-full pl-8 ${shortcut === undefined ? "" : "pr-8"}`}
      />
      {shortcut === undefined ? null : (
        <kbd
          className="pointer-events-none absolute top-1.5 right-2 rounded border border-line px-1.5 font-mono text-xs text-dim"
          aria-hidden="true"
        >
          {shortcut}
        </kbd>
      )}
    </div>
  )
}

export interface PickProps {
  label: string
  value: string
  options: readonly (readonly [string, string])[]
  onChange: (value: string) => void
}

export interface ChoiceProps extends PickProps {
  /** What it says where nothing is chosen. */
  all: string
}

/** One of several, and never none. */
export function Pick({ label, value, options, onChange }: PickProps): React.JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.target.value)} className="field pr-1">
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  )
}

export function Choice({ label, all, value, options, onChange }: ChoiceProps): React.JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={`field pr-1 ${value === "" ? "" : "border-accent text-accent"}`}
    >
      <option value="">{all}</option>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  )
}

/** Stands where the list would be: `what` is one of its rows. */
export function NoneFits({ what, onClear }: { what: string; onClear: () => void }): React.JSX.Element {
  return (
    <div className="panel flex flex-col items-start gap-3 px-4 py-4">
      <p className="text-sm text-dim">No {what} fits the filter.</p>
      <button type="button" className="button" onClick={onClear}>
        Clear the filter
      </button>
    </div>
  )
}
