// Which files beside the configuration are prompts, and what their names say.
import { existsSync, readdirSync } from "node:fs"

/** `support.prompt.md` is version 1 unless it says another; `support@2.prompt.md` is version 2. */
export const promptFileName = /^(.+?)(?:@(\d{1,7}))?\.prompt\.(md|ya?ml)$/

export function promptFileNames(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((each) => promptFileName.test(each))
    .toSorted()
}
