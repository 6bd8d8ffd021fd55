// A table in a panel: its heads, and rows that the page gives.

export interface TableProps {
  label: string
  /** A name, and whether its cells are numbers. */
  heads: readonly (string | { name: string; isNumber: true })[]
  children: React.ReactNode
}

export function Table({ label, heads, children }: TableProps): React.JSX.Element {
  return (
    <section aria-label={label} className="panel overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            {heads.map((head) => {
              const { name, isNumber } = typeof head === "string" ? { name: head, isNumber: false } : head
              return (
                <th key={name} className={`px-3 py-2 font-normal whitespace-nowrap ${isNumber ? "text-right" : "text-left"}`}>
                  {name}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </section>
  )
}

export function Cell({ isNumber = false, children }: { isNumber?: boolean; children: React.ReactNode }): React.JSX.Element {
  return <td className={`px-3 py-2 align-top ${isNumber ? "text-right whitespace-nowrap" : ""}`}>{children}</td>
}
