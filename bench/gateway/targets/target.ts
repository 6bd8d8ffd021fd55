// What the load is sent to.
export interface Target extends AsyncDisposable {
  port: number
  /** The processes whose CPU and memory are its own; none for the provider itself. */
  pids(): readonly number[]
  headers: Readonly<Record<string, string>>
}

/** `direct` is the provider itself: what latency is added to. */
export type TargetName = "direct" | "bare proxy" | "Portkey" | "Perdure"
