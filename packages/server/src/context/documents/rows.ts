// Rows of tables as text that can be found and read alone: each value with the name of its column.

export type NamedRow = readonly { name: string; value: string }[]

/** Takes the first row that has something in it for the names of the columns. */
export class TableRows {
  #names: readonly string[] | undefined
  #rows = 0

  /** The row with its names; undefined for the names themselves and for empty rows. */
  named(cells: readonly string[]): NamedRow | undefined {
    if (cells.every((cell) => cell.trim() === "")) return undefined
    if (this.#names === undefined) {
      this.#names = cells.map(oneLine)
      return undefined
    }
    this.#rows += 1
    const names = this.#names
    return cells.flatMap((cell, index) => {
      const value = oneLine(cell)
      return value === "" ? [] : [{ name: names[index] ?? "", value }]
    })
  }

  /** The names when there was nothing beneath them: then they are the content. */
  headerAlone(): string | undefined {
    return this.#rows === 0 && this.#names !== undefined ? this.#names.filter((name) => name !== "").join(" | ") : undefined
  }
}

export function rowText(row: NamedRow): string {
  return row.map(({ name, value }) => (name === "" ? value : `${name}: ${value}`)).join("; ")
}

function oneLine(cell: string): string {
  return cell.replace(/\s+/g, " ").trim()
}
