// Labels and the versions that they point to.

export function Labels({ labels }: { labels: Readonly<Record<string, number>> }): React.JSX.Element {
  const shown = Object.entries(labels).filter(([label]) => label !== "latest")
  if (shown.length === 0) return <span className="text-dim">none</span>
  return (
    <span className="flex flex-wrap gap-1">
      {shown.map(([label, version]) => (
        <span key={label} className="rounded bg-accent-soft px-1.5 text-xs text-accent">
          {label} → {version}
        </span>
      ))}
    </span>
  )
}
