// A page whose code is fetched when it is first opened, so that nobody waits for pages that are not looked at.
import { lazy } from "react"
import { PageHead } from "./small.tsx"

type Page<Props> = (props: Props) => React.JSX.Element

export function lazyPage<Props extends object>(load: () => Promise<Page<Props>>): React.LazyExoticComponent<Page<Props>> {
  return lazy(async () => {
    try {
      return { default: await load() }
    } catch {
      return { default: UnloadedPage }
    }
  })
}

/** Most often the server is a newer one, and has other files: only the whole page anew knows them. */
function UnloadedPage(): React.JSX.Element {
  return (
    <>
      <PageHead title="Not loaded" />
      <p role="alert" className="p-6 text-sm text-dim">
        The server did not give the files of this page. It may be away, or newer than what stands here.{" "}
        <button type="button" onClick={() => location.reload()} className="text-accent underline">
          Load again
        </button>
      </p>
    </>
  )
}
