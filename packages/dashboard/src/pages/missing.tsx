// What an address shows that leads nowhere.
import { Link } from "wouter"
import { PageHead } from "../parts/small.tsx"

export function MissingPage(): React.JSX.Element {
  return (
    <>
      <PageHead title="Not found" />
      <p className="p-6 text-sm text-dim">
        There is no such page.{" "}
        <Link to="/runs" className="text-accent underline">
          See the runs
        </Link>
      </p>
    </>
  )
}
