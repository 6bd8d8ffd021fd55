// The tools that this process offers to models, by name.
import { AppError } from "../core/index.ts"
import type { Tool } from "./tool.ts"

export interface ToolRegistry {
  get(name: string): Tool | undefined
  list(): readonly Tool[]
  /** The memory tool over the blocks of a scope, made for a request; undefined where there are no blocks. `user`: for whom the caller acts. */
  memoryOf?(scope: string, user: string | null): Tool
}

/** Names are unique: two tools of one name would make a grant ambiguous. */
export function createToolRegistry(tools: readonly Tool[], more: Pick<ToolRegistry, "memoryOf"> = {}): ToolRegistry {
  const byName = new Map<string, Tool>()
  for (const tool of tools) {
    if (byName.has(tool.name)) throw new AppError("config_invalid", `Two tools are named "${tool.name}"`, { hint: "Rename one of them." })
    byName.set(tool.name, tool)
  }
  return { get: (name) => byName.get(name), list: () => [...byName.values()], ...more }
}
