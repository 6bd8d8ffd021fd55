// All prompts: their newest version, their labels, and where they are declared.
import { Link } from "wouter"
import { usePrompts } from "../../data/shaping.ts"
import { useAddress } from "../../lib/address.ts"
import { NoneFits, SearchField } from "../../parts/filters.tsx"
import { Code, Failure, Loading, PageHead } from "../../parts/small.tsx"
import { Cell, Table } from "../../parts/table.tsx"
import { Labels } from "./labels.tsx"

export function PromptsPage(): React.JSX.Element {
  const { params, set, clear } = useAddress()
  const search = params.get("search") ?? ""
  return (
    <>
      <PageHead title="Prompts">
        <SearchField label="Search prompts" placeholder="Search names" value={search} onChange={(value) => set("search", value)} />
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-6xl flex-col gap-4 p-4 md:px-6">
          <Prompts search={search.toLowerCase()} onClear={clear} />
        </div>
      </div>
    </>
  )
}

function Prompts({ search, onClear }: { search: string; onClear: () => void }): React.JSX.Element {
  const { data, error } = usePrompts()
  if (error) return <Failure error={error} />
  if (!data) return <Loading />
  if (data.length === 0) return <NoPrompts />
  const found = data.filter(({ name }) => name.toLowerCase().includes(search))
  if (found.length === 0) return <NoneFits what="prompt" onClear={onClear} />
  return (
    <Table
      label="Prompts"
      heads={["Name", { name: "Versions", isNumber: true }, { name: "Newest", isNumber: true }, "Labels", "Declared in"]}
    >
      {found.map(({ name, versions, latest, labels, origin }) => (
        <tr key={name} data-prompt={name}>
          <Cell>
            <Link to={`/prompts/${encodeURIComponent(name)}`} className="font-medium text-accent hover:underline">
              {name}
            </Link>
          </Cell>
          <Cell isNumber>{versions}</Cell>
          <Cell isNumber>{latest}</Cell>
          <Cell>
            <Labels labels={labels} />
          </Cell>
          <Cell>
            <span className="font-mono text-xs text-dim">{origin === "api" ? "the API" : origin}</span>
          </Cell>
        </tr>
      ))}
    </Table>
  )
}

function NoPrompts(): React.JSX.Element {
  const call = [
    `curl ${location.origin}/v1/prompts \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${JSON.stringify({ name: "greet", messages: [{ role: "system", content: "Greet {{name}}." }], labels: ["production"] })}'`,
  ].join("\n")
  return (
    <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
      <h2 className="text-base font-semibold">No prompts yet</h2>
      <p className="text-sm text-dim">
        A prompt has a name, versions that never change, and labels that point to versions, so that it can be changed without a new release.
        Put it in a file beside the configuration, or make one over the API:
      </p>
      <Code text={call} label="Make a prompt" />
    </div>
  )
}
