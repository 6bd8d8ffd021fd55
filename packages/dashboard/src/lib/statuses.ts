// What each status and kind is called and how it looks: tone and shape both differ, so that colour alone never tells.
import type { RunKind, RunStatus } from "@perdure/contract"

export type Tone = "good" | "bad" | "warn" | "live" | "still"
export type Shape = "check" | "cross" | "dash" | "half" | "ring" | "dot" | "pause" | "question"

export interface StatusLook {
  label: string
  tone: Tone
  shape: Shape
}

export const statusLooks: Record<RunStatus, StatusLook> = {
  queued: { label: "Queued", tone: "still", shape: "ring" },
  running: { label: "Running", tone: "live", shape: "dot" },
  waiting: { label: "Waiting", tone: "warn", shape: "pause" },
  completed: { label: "Completed", tone: "good", shape: "check" },
  failed: { label: "Failed", tone: "bad", shape: "cross" },
  cancelled: { label: "Cancelled", tone: "still", shape: "dash" },
  incomplete: { label: "Incomplete", tone: "warn", shape: "half" },
  in_doubt: { label: "In doubt", tone: "warn", shape: "question" },
  needs_migration: { label: "Needs migration", tone: "bad", shape: "question" },
  poisoned: { label: "Poisoned", tone: "bad", shape: "cross" },
}

export const kindLabels: Record<RunKind, string> = {
  response: "Response",
  agent: "Agent",
  workflow: "Workflow",
  ingestion: "Ingestion",
  batch: "Batch",
  chat: "Chat",
  embedding: "Embedding",
  image: "Image",
  audio: "Audio",
  moderation: "Moderation",
  rerank: "Rerank",
  realtime: "Realtime",
  pass_through: "Pass-through",
  memory: "Memory",
  retrieval: "Retrieval",
  file: "File",
  conversation: "Conversation",
  key: "Key",
  prompt: "Prompt",
  experiment: "Experiment",
}

// Object.keys loses the key type of a complete record.
export const allStatuses = Object.keys(statusLooks) as RunStatus[]
export const allKinds = Object.keys(kindLabels) as RunKind[]

const ended: readonly RunStatus[] = ["completed", "failed", "cancelled", "incomplete"]

export function hasEnded(status: RunStatus): boolean {
  return ended.includes(status)
}

/** Text colours of the tones; whole class names, so that the style sheet has them. */
export const toneText: Record<Tone, string> = {
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
  live: "text-live",
  still: "text-still",
}

export const toneSoft: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  live: "bg-live-soft text-live",
  still: "bg-raised text-still",
}
