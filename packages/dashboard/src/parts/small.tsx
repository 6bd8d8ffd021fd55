// Small parts that every page uses: ages, ids, copying, notices, page heads.
import { PerdureError } from "@perdure/client"
import { useEffect, useState } from "react"
import { formatAgo, formatTime, shortId } from "../lib/format.ts"
import { useNow } from "../lib/now.ts"
import { Icon } from "./icons.tsx"

export function TimeAgo({ at }: { at: number }): React.JSX.Element {
  const now = useNow()
  return (
    <time dateTime={new Date(at).toISOString()} title={formatTime(at)} className="whitespace-nowrap">
      {formatAgo(at, now)}
    </time>
  )
}

export function Id({ id, full = false }: { id: string; full?: boolean }): React.JSX.Element {
  return (
    <span className="font-mono text-xs" title={id}>
      {full ? id : shortId(id)}
    </span>
  )
}

export function Copy({ text, label }: { text: string; label: string }): React.JSX.Element {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true))
  }
  return (
    <button
      type="button"
      onClick={copy}
      className="inline-flex size-6 items-center justify-center rounded text-dim hover:bg-raised hover:text-ink"
      title={label}
    >
      <Icon name={copied ? "check" : "copy"} className="size-3.5" />
      <span className="sr-only">{copied ? "Copied" : label}</span>
    </button>
  )
}

/** A command or text to take away, with its copy button. */
export function Code({ text, label }: { text: string; label: string }): React.JSX.Element {
  return (
    <div className="relative rounded-md border border-line bg-raised text-left">
      <pre tabIndex={0} className="overflow-x-auto p-3 pr-10 font-mono text-xs leading-5" aria-label={label}>
        {text}
      </pre>
      <div className="absolute top-1.5 right-1.5">
        <Copy text={text} label={`Copy: ${label}`} />
      </div>
    </div>
  )
}

export function PageHead({ title, children }: { title: string; children?: React.ReactNode }): React.JSX.Element {
  useTitle(title)
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-2.5 md:px-6">
      <h1 className="text-base font-semibold">{title}</h1>
      {children}
    </header>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Perdure`
  }, [title])
}

export function Failure({ error }: { error: Error }): React.JSX.Element {
  const signedOut = error instanceof PerdureError && error.status === 401
  const hint = signedOut ? "Get a new link with: perdure dashboard" : error instanceof PerdureError ? error.hint : undefined
  return (
    <div role="alert" className="m-4 rounded-md border border-line bg-bad-soft px-3 py-2 text-sm text-bad">
      <p className="font-medium">{signedOut ? "Your session has ended." : error.message}</p>
      {hint === undefined ? null : <p className="mt-0.5 text-ink">{hint}</p>}
    </div>
  )
}

export function Loading(): React.JSX.Element {
  return (
    <p role="status" aria-label="Loading" className="p-6 text-sm text-dim">
      Loading …
    </p>
  )
}
