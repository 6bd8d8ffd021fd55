// What the list shows when it holds nothing: how to make a run appear, or how to see more.
import { Code } from "../../parts/small.tsx"

export function NoRuns(): React.JSX.Element {
  return (
    <div className="grid flex-1 place-items-center overflow-y-auto p-6">
      <div className="w-full max-w-2xl">
        <h2 className="text-base font-semibold">No runs yet</h2>
        <p className="mt-1 mb-4 text-sm text-dim">
          Everything an application does here is a run. Send this with your key in{" "}
          <code className="font-mono text-xs">PERDURE_API_KEY</code>, and it appears in this list at once.
        </p>
        <Code text={firstCall(location.origin)} label="A first call" />
        <p className="mt-3 text-sm text-dim">Any OpenAI client works too: set its base URL to this address.</p>
        <div className="mt-2">
          <Code
            text={`export OPENAI_BASE_URL=${location.origin}/v1\nexport OPENAI_API_KEY=$PERDURE_API_KEY`}
            label="Settings for OpenAI clients"
          />
        </div>
      </div>
    </div>
  )
}

export function NothingFound({ onClear }: { onClear: () => void }): React.JSX.Element {
  return (
    <div className="grid flex-1 place-items-center p-6 text-center">
      <div>
        <h2 className="text-base font-semibold">No run fits this filter</h2>
        <p className="mt-1 mb-3 text-sm text-dim">The filter is in the address; nothing else is hidden.</p>
        <button type="button" onClick={onClear} className="button">
          Clear the filter
        </button>
      </div>
    </div>
  )
}

function firstCall(origin: string): string {
  return [
    `curl ${origin}/v1/chat/completions \\`,
    `  -H "authorization: Bearer $PERDURE_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '{"model": "perdure/extractive",`,
    `       "messages": [{"role": "user", "content": "What is Perdure?"}]}'`,
  ].join("\n")
}
