// One question asked with two or three settings: the answers beside each other, and what each setting moved, brought or lost against the first.
import { useMemorySearch } from "../../data/memories.ts"
import { useAddress } from "../../lib/address.ts"
import { requestOf, settingNames, settingsIn } from "../../lib/compare.ts"
import { Column } from "./column.tsx"
import { SettingsForm } from "./settings.tsx"

export function Compare({ scope, query }: { scope: string; query: string }): React.JSX.Element {
  const { params, set } = useAddress()
  const isThree = params.get("three") === "true" || settingNames.some((name) => params.has(`c.${name}`))
  const columns = isThree ? ["a", "b", "c"] : ["a", "b"]
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-sm text-dim">
          {query === ""
            ? "Ask what a model would ask: you see what each setting finds, and what it changes against A."
            : "Marks stand against A. Settings are in the address, so a link shows the same."}
        </p>
        {isThree ? null : (
          <button type="button" className="button" onClick={() => set("three", "true")}>
            A third setting
          </button>
        )}
      </div>
      <div className={`grid items-start gap-4 ${isThree ? "lg:grid-cols-3" : "md:grid-cols-2"}`}>
        {columns.map((column) => (
          <SettingsForm key={column} column={column} />
        ))}
      </div>
      {query === "" ? null : <Answers scope={scope} query={query} columns={columns} />}
    </>
  )
}

interface AnswersProps {
  scope: string
  query: string
  columns: readonly string[]
}

function Answers({ scope, query, columns }: AnswersProps): React.JSX.Element {
  const { params } = useAddress()
  const asked = (column: string): Parameters<typeof useMemorySearch>[0] => requestOf(scope, query, settingsIn(params, column))
  const a = useMemorySearch(asked("a"))
  const b = useMemorySearch(asked("b"))
  // Without a third it is asked what the first is, which is one request.
  const c = useMemorySearch(asked(columns.includes("c") ? "c" : "a"))
  const found = { a, b, c }
  return (
    <div className={`grid items-start gap-4 ${columns.length === 3 ? "lg:grid-cols-3" : "md:grid-cols-2"}`}>
      {columns.map((column) => (
        <Column key={column} column={column} found={found[column as keyof typeof found]} first={a.data} />
      ))}
    </div>
  )
}
