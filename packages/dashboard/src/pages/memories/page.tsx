// Memory of one scope: what is remembered or found by a question and what was left out; its sources; what a person should decide on; what was erased.
import { useAddress } from "../../lib/address.ts"
import { PageHead } from "../../parts/small.tsx"
import { ErasuresView } from "./erasures.tsx"
import { Found } from "./found.tsx"
import { Newest } from "./newest.tsx"
import { Reviews } from "./reviews.tsx"
import { Sources } from "./sources.tsx"
import { Toolbar } from "./toolbar.tsx"

const views = [
  ["memories", "Memories"],
  ["sources", "Sources"],
  ["reviews", "To decide"],
  ["erasures", "Erasures"],
] as const

export function MemoriesPage(): React.JSX.Element {
  const { params, set } = useAddress()
  const scope = params.get("scope") ?? "project"
  const query = params.get("query") ?? ""
  const view = views.find(([name]) => name === params.get("view"))?.[0] ?? "memories"
  return (
    <>
      <PageHead title="Memories">
        <nav aria-label="Views" className="flex gap-1">
          {views.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-current={name === view ? "page" : undefined}
              onClick={() => set("view", name === "memories" ? "" : name)}
              className={`h-7 rounded-md px-2 text-sm ${name === view ? "bg-accent-soft font-medium text-accent" : "text-dim hover:bg-raised hover:text-ink"}`}
            >
              {label}
            </button>
          ))}
        </nav>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className="flex max-w-4xl flex-col gap-4 p-4 md:px-6">
          <Toolbar isSearch={view === "memories"} />
          {view === "sources" ? <Sources scope={scope} /> : null}
          {view === "reviews" ? <Reviews scope={scope} /> : null}
          {view === "erasures" ? <ErasuresView key={scope} scope={scope} /> : null}
          {view === "memories" && query === "" ? <Newest scope={scope} /> : null}
          {view === "memories" && query !== "" ? <Found scope={scope} query={query} /> : null}
        </div>
      </div>
    </>
  )
}
