// Marks that differ in colour and in shape; a run's status as one, alone or with its name.
import type { RunStatus } from "@perdure/client"
import { statusLooks, toneSoft, toneText, type Shape, type StatusLook } from "../lib/statuses.ts"

const shapes: Record<Shape, React.JSX.Element> = {
  check: <path d="M3.2 7.4l2.5 2.5 5.1-5.4" />,
  cross: <path d="M3.8 3.8l6.4 6.4M10.2 3.8l-6.4 6.4" />,
  dash: <path d="M3.2 7h7.6" />,
  half: <path d="M7 2.5a4.5 4.5 0 0 1 0 9z M7 2.5a4.5 4.5 0 0 0 0 9" />,
  ring: <circle cx="7" cy="7" r="4" strokeDasharray="2.2 1.6" />,
  dot: <circle cx="7" cy="7" r="3.2" fill="currentColor" />,
  pause: <path d="M4.8 3.5v7M9.2 3.5v7" />,
  question: <path d="M4.6 5.1A2.4 2.4 0 1 1 7.6 7.3c-.5.2-.6.6-.6 1.1M7 10.8v.1" />,
}

export function Mark({ tone, shape }: Pick<StatusLook, "tone" | "shape">): React.JSX.Element {
  return (
    <svg
      viewBox="0 0 14 14"
      className={`size-3.5 shrink-0 ${toneText[tone]} ${shape === "dot" ? "breathe" : ""}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[shape]}
    </svg>
  )
}

export function StatusMark({ status }: { status: RunStatus }): React.JSX.Element {
  return <Mark {...statusLooks[status]} />
}

export function StatusText({ status }: { status: RunStatus }): React.JSX.Element {
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <StatusMark status={status} />
      <span className={toneText[statusLooks[status].tone]}>{statusLooks[status].label}</span>
    </span>
  )
}

export function StatusBadge({ status }: { status: RunStatus }): React.JSX.Element {
  return (
    <span className={`inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium ${toneSoft[statusLooks[status].tone]}`}>
      <StatusMark status={status} />
      {statusLooks[status].label}
    </span>
  )
}
