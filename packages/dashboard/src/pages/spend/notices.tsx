// What the page of spend says where prices are unknown, and where nothing was spent.
import { Code } from "../../parts/small.tsx"

const namesShown = 5

export function UnknownPrices({ models }: { models: readonly string[] }): React.JSX.Element | null {
  if (models.length === 0) return null
  const [first = ""] = models
  const more = models.length - namesShown
  const example = `models:\n  ${first === "" ? "my-model" : first}:\n    deployments:\n      - { provider: …, model: …, price: { inputPerMillionUsd: 1.25, outputPerMillionUsd: 10 } }`
  return (
    <section aria-label="Unknown prices" className="rounded-lg border border-line bg-warn-soft px-4 py-3 text-sm">
      <h2 className="font-medium text-warn">Some prices are unknown: sums with ≥ are lower bounds</h2>
      <p className="mt-1">
        Nobody told the price of{" "}
        {models.slice(0, namesShown).map((name, index) => (
          <span key={name}>
            {index > 0 ? ", " : ""}
            <span className="font-mono text-xs">{name === "" ? "calls without a model" : name}</span>
          </span>
        ))}
        {more > 0 ? ` and ${more} more` : ""}. Budgets hold such calls at the price of{" "}
        <code className="font-mono text-xs">unknownPrice</code>.
      </p>
      <details className="mt-1">
        <summary className="cursor-pointer text-accent">How to state a price</summary>
        <div className="mt-2 max-w-2xl">
          <Code text={example} label="A price in perdure.yaml" />
        </div>
      </details>
    </section>
  )
}

export function NothingSpent({ range }: { range: string }): React.JSX.Element {
  const call = [
    `curl ${location.origin}/v1/chat/completions \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${JSON.stringify({ model: "perdure/extractive", messages: [{ role: "user", content: "Hello" }] })}'`,
  ].join("\n")
  return (
    <div className="p-4 md:px-6">
      <div className="panel flex max-w-xl flex-col gap-3 px-4 py-4">
        <h2 className="text-base font-semibold">Nothing was spent in the last {range}</h2>
        <p className="text-sm text-dim">
          Each call leaves what it used and cost here, by model, deployment, key, user and tag, a moment after it ends. A first one:
        </p>
        <Code text={call} label="A first call" />
      </div>
    </div>
  )
}
