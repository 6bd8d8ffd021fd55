// Small tools for generated Markdown: tables, and the line that says how a page is made.

export const generatedNote = "<!-- Made by `node scripts/reference.ts`; edit the source that it names, not this page. -->"

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")
}

export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``
}
