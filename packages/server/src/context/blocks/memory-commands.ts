// The commands of Anthropic's memory tool over the blocks of one scope, answered in the words that Claude was trained on.
import { AppError } from "../../core/index.ts"
import { joinLabels, type Label } from "../../security/index.ts"
import type { BlockEditor } from "./block-editor.ts"
import { memoryPath, memoryRoot, parseMemoryPath } from "./block-path.ts"
import { directoryText, editedText, fileText } from "./memory-texts.ts"
import type { Block } from "./types.ts"

export type MemoryCommand =
  | { command: "view"; path: string; view_range?: readonly [number, number] | null | undefined }
  | { command: "create"; path: string; file_text: string }
  | { command: "str_replace"; path: string; old_str: string; new_str?: string | undefined }
  | { command: "insert"; path: string; insert_line: number; insert_text: string }
  | { command: "delete"; path: string }
  | { command: "rename"; old_path: string; new_path: string }

export interface MemoryAnswer {
  text: string
  /** Nothing was done, and the text says why. */
  isError: boolean
  /** What the text shows. */
  label: Label | null
}

/** What is no use to the model as an exception: its answer. */
class Refused extends Error {}

/** Does one command; the caller holds the lock where it may write. What the model did wrong is its answer. */
export async function runMemoryCommand(editor: BlockEditor, command: MemoryCommand): Promise<MemoryAnswer> {
  try {
    return { isError: false, ...(await answerOf(editor, command)) }
  } catch (error) {
    if (error instanceof Refused) return { isError: true, text: error.message, label: null }
    if (error instanceof AppError && error.status < 500) return { isError: true, text: `Error: ${error.message}`, label: null }
    throw error
  }
}

type Told = Pick<MemoryAnswer, "text" | "label">

function answerOf(editor: BlockEditor, command: MemoryCommand): Promise<Told> {
  if (command.command === "view") return view(editor, command)
  if (command.command === "create") return create(editor, command)
  if (command.command === "str_replace") return replace(editor, command)
  if (command.command === "insert") return insert(editor, command)
  return command.command === "delete" ? remove(editor, command) : rename(editor, command)
}

async function view(editor: BlockEditor, { path, view_range }: Extract<MemoryCommand, { command: "view" }>): Promise<Told> {
  const name = parseMemoryPath(path)
  const block = name === "" ? undefined : await editor.find(name)
  if (block !== undefined) return { text: fileText(memoryPath(name), block.text, view_range ?? undefined), label: block.label }
  const inside = await editor.under(name)
  if (name !== "" && inside.length === 0) throw new Refused(`The path ${path} does not exist. Please provide a valid path.`)
  // Names are somebody's words too.
  return { text: directoryText(name, inside), label: joinLabels(inside.map(({ label }) => label as unknown as Label)) }
}

async function create(editor: BlockEditor, { path, file_text }: Extract<MemoryCommand, { command: "create" }>): Promise<Told> {
  const name = named(path)
  if ((await editor.find(name)) !== undefined || (await editor.under(name)).length > 0)
    throw new Refused(`Error: File ${path} already exists`)
  await editor.write(name, file_text, editor.author.label)
  return { text: `File created successfully at: ${path}`, label: null }
}

async function replace(
  editor: BlockEditor,
  { path, old_str, new_str = "" }: Extract<MemoryCommand, { command: "str_replace" }>,
): Promise<Told> {
  const block = await editable(editor, path, `Error: The path ${path} does not exist. Please provide a valid path.`)
  const places = placesOf(block.text, old_str)
  const [place] = places
  if (place === undefined) throw new Refused(`No replacement was performed, old_str \`${old_str}\` did not appear verbatim in ${path}.`)
  if (places.length > 1) {
    const lines = [...new Set(places.map((at) => block.text.slice(0, at).split("\n").length))].join(", ")
    throw new Refused(
      `No replacement was performed. Multiple occurrences of old_str \`${old_str}\` in lines: ${lines}. Please ensure it is unique`,
    )
  }
  const text = block.text.slice(0, place) + new_str + block.text.slice(place + old_str.length)
  const written = await editor.write(block.path, text, joinLabels([block.label, editor.author.label]))
  const line = text.slice(0, place).split("\n").length
  return { text: editedText(text, line, new_str.split("\n").length), label: written.label }
}

async function insert(
  editor: BlockEditor,
  { path, insert_line, insert_text }: Extract<MemoryCommand, { command: "insert" }>,
): Promise<Told> {
  const block = await editable(editor, path, `Error: The path ${path} does not exist`)
  const lines = block.text.split("\n")
  if (!Number.isInteger(insert_line) || insert_line < 0 || insert_line > lines.length)
    throw new Refused(
      `Error: Invalid \`insert_line\` parameter: ${insert_line}. It should be within the range of lines of the file: [0, ${lines.length}]`,
    )
  lines.splice(insert_line, 0, insert_text.replace(/\n$/, ""))
  await editor.write(block.path, lines.join("\n"), joinLabels([block.label, editor.author.label]))
  return { text: `The file ${path} has been edited.`, label: null }
}

async function remove(editor: BlockEditor, { path }: Extract<MemoryCommand, { command: "delete" }>): Promise<Told> {
  const name = named(path, `Error: The ${memoryRoot} directory itself cannot be deleted`)
  const list = await moved(editor, name, `Error: The path ${path} does not exist`)
  for (const block of list) await editor.remove(block.path)
  return { text: `Successfully deleted ${path}`, label: null }
}

async function rename(editor: BlockEditor, { old_path, new_path }: Extract<MemoryCommand, { command: "rename" }>): Promise<Told> {
  const from = named(old_path, `Error: The ${memoryRoot} directory itself cannot be renamed`)
  const to = named(new_path)
  const list = await moved(editor, from, `Error: The path ${old_path} does not exist`)
  if ((await editor.find(to)) !== undefined || (await editor.under(to)).length > 0)
    throw new Refused(`Error: The destination ${new_path} already exists`)
  if (to.startsWith(`${from}/`)) throw new Refused(`Error: ${new_path} lies inside ${old_path}`)
  for (const block of list) {
    const { text, label, tokensMax, readOnly, description } = block
    await editor.remove(block.path)
    const settings = { tokensMax, readOnly, description }
    await editor.write(to + block.path.slice(from.length), text, joinLabels([label, editor.author.label]), settings, "rename")
  }
  return { text: `Successfully renamed ${old_path} to ${new_path}`, label: null }
}

/** A path that is not the root. */
function named(path: string, refusal = `Error: ${memoryRoot} is a directory`): string {
  const name = parseMemoryPath(path)
  if (name === "") throw new Refused(refusal)
  return name
}

async function editable(editor: BlockEditor, path: string, missing: string): Promise<Block> {
  const block = await editor.find(named(path, missing))
  if (block === undefined) throw new Refused(missing)
  if (block.readOnly) throw new Refused(`Error: ${path} is read-only`)
  return block
}

/** What is at a path or under it, and may be taken away from there by this author. */
async function moved(editor: BlockEditor, name: string, missing: string): Promise<Block[]> {
  const block = await editor.find(name)
  const paths = block === undefined ? (await editor.under(name)).map(({ path }) => path) : [name]
  if (paths.length === 0) throw new Refused(missing)
  const found = (await Promise.all(paths.map((path) => editor.find(path)))).filter((each) => each !== undefined)
  for (const each of found) {
    if (each.readOnly) throw new Refused(`Error: ${memoryPath(each.path)} is read-only`)
    // An edit is seen and lowers the block; a deletion would make what a person wrote just vanish.
    if (each.label.integrity > editor.author.label.integrity)
      throw new Refused(
        `Error: ${memoryPath(each.path)} is trusted more than what was read here (level ${each.label.integrity}, here ${editor.author.label.integrity}); only a person can take it away`,
      )
  }
  return found
}

function placesOf(text: string, part: string): number[] {
  const places: number[] = []
  if (part === "") return places
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at)
  return places
}
