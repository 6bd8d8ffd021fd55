// Memory of one scope: what is remembered or found by a question and what was left out; its blocks and states; its sources; what a person should decide on; what was erased.
import { useSearchParams } from "wouter"
import { useAddress } from "../../lib/address.ts"
import { PageHead } from "../../parts/small.tsx"
import { Blocks } from "../scoped/blocks.tsx"
import { Compare } from "../compare/compare.tsx"
import { BlockView } from "../scoped/block.tsx"
import { StateView } from "../scoped/state.tsx"
import { States } from "../scoped/states.tsx"
import { ErasuresView } from "./erasures.tsx"
import { Found } from "./found.tsx"
import { Newest } from "./newest.tsx"
import { Reviews } from "./reviews.tsx"
import { ScopesView } from "./scopes.tsx"
import { Sources } from "./sources.tsx"
import { Toolbar } from "./toolbar.tsx"

const views = [
  ["memories", "Memories"],
  ["scopes", "Scopes"],
  ["blocks", "Blocks"],
  ["states", "States"],
  ["compare", "Compare"],
  ["sources", "Sources"],
  ["reviews", "To decide"],
  ["erasures", "Erasures"],
] as const

export function MemoriesPage(): React.JSX.Element {
  const { params } = useAddress()
  const [, setParams] = useSearchParams()
  const scope = params.get("scope") ?? "project"
  const query = params.get("query") ?? ""
  const view = views.find(([name]) => name === params.get("view"))?.[0] ?? "memories"
  const entry = params.get("entry")
  /** One of them is open in its own view alone. */
  const show = (name: string): void =>
    setParams((before) => {
      const next = new URLSearchParams(before)
      next.delete("entry")
      if (name === "memories") next.delete("view")
      else next.set("view", name)
      return next
    })
  return (
    <>
      <PageHead title="Memories">
        <nav aria-label="Views" className="flex flex-wrap gap-1">
          {views.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-current={name === view ? "page" : undefined}
              onClick={() => show(name)}
              className={`h-7 rounded-md px-2 text-sm ${name === view ? "bg-accent-soft font-medium text-accent" : "text-dim hover:bg-raised hover:text-ink"}`}
            >
              {label}
            </button>
          ))}
        </nav>
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={-1}>
        <div className={`flex flex-col gap-4 p-4 md:px-6 ${view === "compare" ? "max-w-7xl" : "max-w-4xl"}`}>
          <Toolbar isSearch={view === "memories" || view === "compare"} isFiltered={view === "memories"} />
          {view === "scopes" ? <ScopesView /> : null}
          {view === "blocks" ? entry === null ? <Blocks scope={scope} /> : <BlockView key={entry} scope={scope} path={entry} /> : null}
          {view === "states" ? entry === null ? <States scope={scope} /> : <StateView key={entry} scope={scope} stateKey={entry} /> : null}
          {view === "compare" ? <Compare scope={scope} query={query} /> : null}
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
