// Pins a memory, or takes the pin away; what failed is said at the button.
import type { Memory } from "@perdure/client"
import { usePinMemory } from "../data/memories.ts"
import { canDecide } from "../lib/memory-look.ts"
import { Icon } from "./icons.tsx"

export function PinButton({ memory }: { memory: Memory }): React.JSX.Element | null {
  const pin = usePinMemory(memory.id)
  const { pinned } = memory
  if (!pinned && !canDecide(memory)) return null
  const title = pinned ? "Pinned: told whatever is asked. Take the pin away" : "Pin: tell it whatever is asked"
  return (
    <span className="flex shrink-0 items-center gap-2">
      {pin.error ? (
        <span role="alert" className="text-xs text-bad">
          {pin.error.message}
        </span>
      ) : null}
      <button
        type="button"
        aria-pressed={pinned}
        title={title}
        disabled={pin.isPending}
        onClick={() => pin.mutate(!pinned)}
        className={`inline-flex size-6 items-center justify-center rounded hover:bg-raised hover:text-ink ${pinned ? "bg-accent-soft text-accent" : "text-dim"}`}
      >
        <Icon name="pin" />
        <span className="sr-only">{pinned ? "Unpin" : "Pin"}</span>
      </button>
    </span>
  )
}
