// `perdure keys` as commander knows it: its commands and their options.
import { Option, type Command } from "commander"
import { budgetPeriods } from "@perdure/contract"
import {
  keysBlock,
  keysCreate,
  keysList,
  keysRevoke,
  keysRotate,
  keysShow,
  keysUpdate,
  type KeyListOptions,
  type KeysOptions,
} from "./keys.ts"
import {
  clearable,
  toClear,
  toDurationMs,
  toExpiry,
  toJsonObject,
  toList,
  toNumber,
  type KeyChangeOptions,
  type KeySettingOptions,
} from "./keys-settings.ts"
import type { Terminal } from "./terminal.ts"

export interface KeysProgramParts {
  terminal: Terminal
  finish: (code: Promise<number>) => Promise<void>
  /** Adds what all commands take that open the data directory, and `--json`. */
  withOptions: (command: Command) => Command
}

export function addKeys(program: Command, { terminal, finish, withOptions }: KeysProgramParts): void {
  const keys = program.command("keys").description("create, list, change, rotate, block and revoke API keys")
  const command = (words: string, description: string): Command => withOptions(keys.command(words).description(description))
  const onKey = (words: string, description: string): Command =>
    command(words, description).argument("<id>", "the key's id, from keys list")
  withSettings(command("create", "create a key and print it, this once").argument("<name>", "what the key is for")).action(
    (name: string, options: KeysOptions & KeySettingOptions) => finish(keysCreate(name, options, terminal)),
  )
  command("list", "list the keys, never their text")
    .addOption(new Option("--state <state>", "only keys in this state").choices(["live", "blocked", "expired", "revoked"]))
    .option("--tag <tag>", "only keys with this tag")
    .option("--user <id>", "only keys of this end user")
    .option("--search <words>", "only keys with these words in their name")
    .action((options: KeyListOptions) => finish(keysList(options, terminal)))
  onKey("show", "show what a key may use and when it was used").action((id: string, options: KeysOptions) =>
    finish(keysShow(id, options, terminal)),
  )
  withSettings(onKey("update", "change a key in every process; what no option names stays as it is"))
    .option("--name <name>", "another name")
    .option("--clear <options>", `take away: ${clearable.join(", ")}`, toClear)
    .action((id: string, options: KeysOptions & KeyChangeOptions) => finish(keysUpdate(id, options, terminal)))
  onKey("rotate", "give a key a new secret and print it, this once")
    .option(
      "--overlap <time>",
      "how long the secret until now still works: 24h when absent; 0: it and all earlier ones stop at once",
      toDurationMs,
    )
    .action((id: string, options: KeysOptions & { overlap?: number }) => finish(keysRotate(id, options, terminal)))
  onKey("block", "refuse a key in every process until it is unblocked").action((id: string, options: KeysOptions) =>
    finish(keysBlock(id, true, options, terminal)),
  )
  onKey("unblock", "take a blocked key again, in every process").action((id: string, options: KeysOptions) =>
    finish(keysBlock(id, false, options, terminal)),
  )
  onKey("revoke", "revoke a key at once, in every process").action((id: string, options: KeysOptions) =>
    finish(keysRevoke(id, options, terminal)),
  )
}

function withSettings(command: Command): Command {
  return command
    .option("--models <patterns>", "models that it may use: gpt-4o,claude-*", toList)
    .option("--endpoints <names>", "what it may call: chat,embeddings or paths such as /v1/images/*", toList)
    .option("--regions <names>", "the only regions in which its calls may be served: eu,us-east-1", toList)
    .option("--budget-usd <dollars>", "what its calls may cost per window", toNumber)
    .option("--alert-usd <dollars>", "what its calls may cost per window before somebody is told; refuses nothing", toNumber)
    .addOption(new Option("--per <window>", "window of the budget, in UTC; month when absent").choices([...budgetPeriods]))
    .option("--rpm <number>", "requests per minute", toNumber)
    .option("--tpm <number>", "tokens per minute", toNumber)
    .option("--concurrent <number>", "calls at the same time", toNumber)
    .option("--expires <time>", "when it ends: 30d from now, or 2027-01-31", toExpiry)
    .option("--tag <tag>", "a tag, several times or with commas", toList)
    .option("--user <id>", "the end user that it acts for")
    .option("--metadata <json>", "a JSON object of your own", toJsonObject)
}
