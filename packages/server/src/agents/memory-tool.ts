// The memory tool of Anthropic's API as a tool that runs here: over the blocks of one scope, each command committed with its step.
import type { JsonObject, JsonValue } from "../core/index.ts"
import type { Queryable } from "../store/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import { withExecutor, type Tool } from "../tools/index.ts"
import { memoryToolName } from "./tool-choice.ts"

/** One command; the blocks of `context` fit it. */
export type RunMemoryCommand = (
  caller: { projectId: string; principal: string; user: string | null },
  request: { scope: string; command: JsonObject; label: Label; runId: string; tx: Queryable | undefined },
) => Promise<{ text: string; isError: boolean; label: Label | null }>

const description = `Keeps notes between conversations, as files below /memories. Look at them before you begin (view /memories), and write down what will be needed later.
Commands: view (path, view_range?), create (path, file_text), str_replace (path, old_str, new_str), insert (path, insert_line, insert_text), delete (path), rename (old_path, new_path).`

const text = { type: "string" }
const parameters: JsonObject = {
  type: "object",
  properties: {
    command: { type: "string", enum: ["view", "create", "str_replace", "insert", "delete", "rename"] },
    path: text,
    view_range: { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
    file_text: text,
    old_str: text,
    new_str: text,
    insert_line: { type: "integer" },
    insert_text: text,
    old_path: text,
    new_path: text,
  },
  required: ["command"],
  additionalProperties: false,
}

/** As models see it. */
export const memoryDeclaration = { name: memoryToolName, description, parameters, strict: null } as const

interface Told {
  text: string
  label: Label
}

/** Made per request, because the scope is the client's choice and never the model's. */
export function memoryTool(run: RunMemoryCommand, scope: string, user: string | null): Tool {
  const tool: Tool = {
    name: memoryToolName,
    description,
    parameters,
    effect: "transactional",
    timeoutMs: undefined,
    resultIntegrity: 0,
    labelOf: (result) => toldOf(result).label,
    tellOf: (result) => toldOf(result).text,
  }
  return withExecutor(tool, {
    verify: undefined,
    run: async (command, { projectId, principal, runId, label, tx }) => {
      const told = await run({ projectId, principal, user }, { scope, command, label, runId, tx })
      // What is said of nobody's text is as good as what asked for it.
      const shown = told.label === null ? label : joinLabels([label, told.label])
      return { text: told.text, label: { ...shown } }
    },
  })
}

function toldOf(result: JsonValue): Told {
  return result as unknown as Told // written by the tool above
}
