// The navigation: a column on wide screens, a row on narrow ones; the theme at its end.
import { useEffect, useRef } from "react"
import { Link, useLocation } from "wouter"
import { useTheme, type Theme } from "../lib/theme.ts"
import { Icon, type IconName } from "./icons.tsx"

const places: readonly { to: string; label: string; icon: IconName }[] = [
  { to: "/runs", label: "Runs", icon: "runs" },
  { to: "/overview", label: "Overview", icon: "overview" },
  { to: "/spend", label: "Spend", icon: "spend" },
  { to: "/limits", label: "Limits", icon: "limits" },
  { to: "/models", label: "Models", icon: "models" },
  { to: "/deployments", label: "Deployments", icon: "deployments" },
  { to: "/prompts", label: "Prompts", icon: "prompts" },
  { to: "/experiments", label: "Experiments", icon: "experiments" },
  { to: "/scores", label: "Scores", icon: "scores" },
  { to: "/documents", label: "Documents", icon: "file" },
  { to: "/memories", label: "Memories", icon: "memories" },
  { to: "/keys", label: "Keys", icon: "keys" },
]
const themeIcons: Record<Theme, IconName> = { system: "system", light: "sun", dark: "moon" }
const themeLabels: Record<Theme, string> = { system: "Theme: system", light: "Theme: light", dark: "Theme: dark" }

export function Sidebar(): React.JSX.Element {
  const [location] = useLocation()
  const { theme, next } = useTheme()
  const here = useRef<HTMLAnchorElement>(null)
  // On narrow screens the row is wider than the page.
  useEffect(() => {
    here.current?.scrollIntoView({ block: "nearest", inline: "nearest" }) // gives a promise in newer browsers: no clean-up
  }, [location])
  return (
    <nav
      aria-label="Main"
      className="relative flex shrink-0 items-center gap-1 overflow-x-auto border-b border-line bg-panel px-3 py-2 md:w-48 md:flex-col md:items-stretch md:border-r md:border-b-0 md:px-2.5 md:py-3.5"
    >
      <Link to="/runs" className="mr-3 flex items-center gap-2 px-2 max-sm:mr-0 max-sm:px-1 font-semibold tracking-tight md:mr-0 md:mb-4">
        <Mark />
        <span className="max-sm:sr-only">Perdure</span>
      </Link>
      {places.map(({ to, label, icon }) => {
        const isHere = location.startsWith(to)
        return (
          <Link
            key={to}
            to={to}
            ref={isHere ? here : undefined}
            aria-current={isHere ? "page" : undefined}
            className={`flex h-8 shrink-0 items-center gap-2.5 rounded-md px-2 text-sm max-sm:px-1.5 ${isHere ? "bg-accent-soft font-medium text-accent" : "text-dim hover:bg-raised hover:text-ink"}`}
          >
            <Icon name={icon} />
            <span className="max-sm:sr-only">{label}</span>
          </Link>
        )
      })}
      <button
        type="button"
        onClick={next}
        className="ml-auto flex h-8 items-center gap-2.5 rounded-md px-2 text-sm text-dim hover:bg-raised hover:text-ink md:mt-auto md:ml-0"
      >
        <Icon name={themeIcons[theme]} />
        <span className="max-md:sr-only">{themeLabels[theme]}</span>
      </button>
    </nav>
  )
}

function Mark(): React.JSX.Element {
  return (
    <svg viewBox="0 0 24 24" className="size-6 shrink-0" aria-hidden="true">
      <rect width="24" height="24" rx="6" className="fill-accent" />
      <path
        d="M7 18V6M7 7h6.2a3.6 3.6 0 0 1 0 7.2H10"
        fill="none"
        className="stroke-on-accent"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
