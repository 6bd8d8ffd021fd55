// The few icons, drawn here: 16 × 16, stroked in the text's colour.

const paths = {
  runs: "M2.5 4h11M2.5 8h11M2.5 12h7",
  overview: "M2.5 13.5V9M6.2 13.5V5M9.8 13.5V7.5M13.5 13.5v-11",
  spend: "M8 1.8v12.4M11 4.6C10.4 3.8 9.3 3.4 8 3.4c-1.8 0-3 .8-3 2.2 0 3.2 6.2 1.4 6.2 4.7 0 1.5-1.3 2.3-3.2 2.3-1.5 0-2.7-.5-3.3-1.4",
  limits: "M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5l2.8-3.6",
  models: "M8 1.8l5.5 3.1v6.2L8 14.2l-5.5-3.1V4.9zM2.5 4.9L8 8l5.5-3.1M8 8v6.2",
  deployments: "M2.5 2.8h11v4h-11zM2.5 9.2h11v4h-11zM5 4.8h.1M5 11.2h.1",
  prompts: "M2.5 3h11v8h-6l-3 2.5V11h-2zM5 6h6M5 8.2h4",
  experiments: "M6 2.2v4.3L2.8 13a.7.7 0 0 0 .6 1h9.2a.7.7 0 0 0 .6-1L10 6.5V2.2M5 2.2h6M4.6 10h6.8",
  scores: "M8 2l1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.2l-3.7 2.1.8-4.1L2 6.3l4.2-.5z",
  memories: "M4 2.5h8v11L8 10.6 4 13.5z",
  keys: "M2.5 8a2.6 2.6 0 1 0 5.2 0 2.6 2.6 0 1 0-5.2 0M7.7 8h5.8v2.4M11 8v1.9",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M12.8 3.2l-1.1 1.1M4.3 11.7l-1.1 1.1",
  moon: "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z",
  system: "M2 3h12v7.5H2zM6 13.5h4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5l3.2 3.2L13 5",
  pin: "M6 2.2h4l-.6 4.6 2.1 2.4h-7l2.1-2.4zM8 9.2v4.6",
  back: "M9.5 3.5L5 8l4.5 4.5",
  stop: "M4 4h8v8H4z",
  chevron: "M6 3.5L10.5 8 6 12.5",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
} as const

export type IconName = keyof typeof paths

export function Icon({ name, className = "" }: { name: IconName; className?: string }): React.JSX.Element {
  return (
    <svg
      viewBox="0 0 16 16"
      className={`size-4 shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      aria-hidden="true"
    >
      <path d={paths[name]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}
