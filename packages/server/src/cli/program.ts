// The command line as commander knows it: commands, their options, their help.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { alertsTest, type AlertsTestOptions } from "./alerts.ts"
import { backup, restore, type BackupOptions } from "./backup.ts"
import { configCheck, configPrint, configSchema, type ConfigCommandOptions } from "./config.ts"
import { dashboard, type DashboardOptions } from "./dashboard.ts"
import { doctor, type DoctorOptions } from "./doctor.ts"
import { dev, type DevOptions } from "./dev.ts"
import { encryptionKey, encryptionRotate, type EncryptionKeyOptions, type EncryptionRotateOptions } from "./encryption.ts"
import { exitCodeOf, exitCodes } from "./exit-codes.ts"
import { addKeys } from "./keys-program.ts"
import { toDurationMs } from "./keys-settings.ts"
import { importFrom, type Gateway, type ImportOptions } from "./import.ts"
import { models, type ModelsOptions } from "./models.ts"
import { mcp, type McpOptions } from "./mcp.ts"
import { migrate, type MigrateCommandOptions } from "./migrate.ts"
import type { ConfigOptions } from "./options.ts"
import { retrievalFit, type RetrievalFitOptions } from "./retrieval.ts"
import { start, type StartOptions } from "./start.ts"
import { reportFailure, type Terminal } from "./terminal.ts"
import { usage, type UsageOptions } from "./usage.ts"
import { ownVersion, version } from "./version.ts"

export interface ProgramOptions {
  terminal: Terminal
  /** The entry file of the command line, which `dev` starts again. */
  entry: string
}

/** Runs one command line to its end and gives the exit code; never throws. */
export async function runCli(args: readonly string[], { terminal, entry }: ProgramOptions): Promise<number> {
  let exitCode: number = exitCodes.ok
  const finish = async (code: Promise<number>): Promise<void> => {
    exitCode = await code
  }
  const program = createProgram({ terminal, entry, finish })
  try {
    await program.parseAsync([...args], { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    const isJson = args.includes("--json") || (args.includes("--print") && args.includes("json"))
    reportFailure(terminal, error, isJson)
    return exitCodeOf(error)
  }
}

/** The commands, for the help and for the reference page. */
export function createProgram({ terminal, entry, finish }: ProgramOptions & { finish: (code: Promise<number>) => Promise<void> }): Command {
  const program = new Command("perdure")
    .description("The backend an AI application runs on")
    .version(ownVersion(), "-v, --version")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: (text) => terminal.note(text.trimEnd()) })
  addServerCommands(program, { terminal, entry, finish })
  addDoctor(program, { terminal, finish })
  addMigrate(program, { terminal, finish })
  addBackup(program, { terminal, finish })
  addRetrieval(program, { terminal, finish })
  addEncryption(program, { terminal, finish })
  addDashboard(program, { terminal, finish })
  addModels(program, { terminal, finish })
  addUsage(program, { terminal, finish })
  addMcp(program, { terminal, finish })
  addKeys(program, { terminal, finish, withOptions: (command) => withDataOptions(command).addOption(json()) })
  addConfig(program, { terminal, finish })
  addAlerts(program, { terminal, finish })
  addImport(program, { terminal, finish })
  program
    .command("version")
    .description("print the versions that a bug report needs")
    .addOption(json())
    .action((options: { json?: boolean }) => finish(version(options, terminal)))
  pointToHelp(program, "perdure")
  return program
}

/** A mistake is followed by the help of the command in which it was made. */
function pointToHelp(command: Command, words: string): void {
  command.showHelpAfterError(`next:  ${words} --help`)
  for (const child of command.commands) pointToHelp(child, `${words} ${child.name()}`)
}

interface Parts {
  terminal: Terminal
  finish: (code: Promise<number>) => Promise<void>
}

function addServerCommands(program: Command, { terminal, entry, finish }: Parts & { entry: string }): void {
  withServerOptions(
    program.command("dev").description("start with everything to copy, and start again when the source or the configuration changes"),
  ).action((options: ConfigOptions) => finish(dev({ ...options, entry } satisfies DevOptions, terminal)))
  withServerOptions(program.command("start").description("start the server; SIGTERM drains and stops it"))
    .addOption(new Option("--print <form>", "what to print when ready").choices(["text", "json", "welcome", "restarted"]).default("text"))
    .addOption(new Option("--dev", "let secrets stand in the configuration file").hideHelp())
    .addOption(new Option("--chosen-port <number>", "the port to take where any free one is asked for").argParser(toPort).hideHelp())
    .action((options: StartOptions) => finish(start(options, terminal)))
}

function addDoctor(program: Command, { terminal, finish }: Parts): void {
  withServerOptions(program.command("doctor").description("check what the server needs and say what to do"))
    .addOption(json())
    .option("--quiet", "print nothing when all is well")
    .action((options: DoctorOptions) => finish(doctor(options, terminal)))
}

function addMigrate(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(program.command("migrate").description("bring the schema of the database to head without starting the server"))
    .addOption(json())
    .action((options: MigrateCommandOptions) => finish(migrate(options, terminal)))
}

function addBackup(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(
    program
      .command("backup")
      .description("write the embedded database to one checked file, while the server runs or stands; no keys, no configuration"),
  )
    .argument("<file>", "the file to make, such as perdure-2026-11-30.tar.zst")
    .addOption(json())
    .action((file: string, options: BackupOptions) => finish(backup(file, options, terminal)))
  withDataOptions(program.command("restore").description("put a backup into a data directory that has no database"))
    .argument("<file>", "a file that perdure backup made")
    .addOption(json())
    .action((file: string, options: BackupOptions) => finish(restore(file, options, terminal)))
}

function addRetrieval(program: Command, { terminal, finish }: Parts): void {
  const retrieval = program.command("retrieval").description("how what is recalled is ranked")
  withDataOptions(
    retrieval.command("fit").description("learn the weights of words, vectors and other signals, and keep them if they are better"),
  )
    .option(
      "--pairs <file>",
      'questions with their answers, one {"scope" or "vector_store", "query", "relevant": [ids]} a line; facts and their messages when absent',
    )
    .addOption(
      new Option("--kind <kind>", "what the weights are for; statement where questions are to vector stores, else message").choices([
        "message",
        "statement",
      ]),
    )
    .option("--project <id>", "project; the default one when absent")
    .addOption(json())
    .action((options: RetrievalFitOptions) => finish(retrievalFit(options, terminal)))
}

function addEncryption(program: Command, { terminal, finish }: Parts): void {
  const encryption = program.command("encryption").description("the key outside of the database that wraps the keys of data")
  encryption
    .command("key")
    .description("make a key and write it to a new file")
    .requiredOption("--out <file>", "the file to make; it is readable by its owner only")
    .addOption(json())
    .action((options: EncryptionKeyOptions) => finish(encryptionKey(options, terminal)))
  withDataOptions(encryption.command("rotate").description("wrap the keys of data under the configured key; may be stopped and repeated"))
    .addOption(json())
    .action((options: EncryptionRotateOptions) => finish(encryptionRotate(options, terminal)))
}

function addModels(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(program.command("models").description("list the models of the running server and how their deployments fare"))
    .option("--prices", "with what each deployment costs: tokens, service tiers, hosted tools")
    .addOption(json())
    .action((options: ModelsOptions) => finish(models(options, terminal)))
}

function addUsage(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(program.command("usage").description("sum what was spent, as the running server has it"))
    .option("--by <group>", "model, deployment, principal, user, tag, kind, day, hour, metadata, or metadata.<name>", "model")
    .addOption(new Option("--last <time>", "how far back, such as 24h or 30d").argParser(toDurationMs).default(30 * 86_400_000, "30d"))
    .addOption(new Option("--interval <time>", "apart for each of them, too").choices(["hour", "day"]))
    .option("--tag <tag>", "only runs with that tag, of their key or their request")
    .option("--metadata <name=value>", "only runs that say that of themselves: customer=acme")
    .addOption(json())
    .action((options: UsageOptions) => finish(usage(options, terminal)))
}

function addDashboard(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(program.command("dashboard").description("print a new one-time link to the dashboard of the running server"))
    .addOption(json())
    .action((options: DashboardOptions) => finish(dashboard(options, terminal)))
}

function addMcp(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(
    program
      .command("mcp")
      .description("memory for desktop clients over standard input and output (MCP): a bridge to a server, started here if none runs"),
  )
    .option("--url <address>", "the server; PERDURE_URL, or the one that runs on the data directory, when absent")
    .option("--key <key>", "an API key of it; PERDURE_API_KEY, or one of its own, when absent")
    .option("--scope <scope>", "whose memory where the model names none: user:ada, project")
    .action((options: McpOptions) => finish(mcp(options, terminal)))
}

function addAlerts(program: Command, { terminal, finish }: Parts): void {
  withDataOptions(program.command("alerts").description("webhooks that are told of budgets and failures").command("test"))
    .description("post a test event and print what came back")
    .argument("[name]", "one webhook of the configuration; all of them when absent")
    .addOption(json())
    .action((name: string | undefined, options: AlertsTestOptions) => finish(alertsTest(name, options, terminal)))
}

function addConfig(program: Command, { terminal, finish }: Parts): void {
  const config = program.command("config").description("check, print and describe the configuration")
  withDataOptions(config.command("check").description("say everything that is wrong with the configuration"))
    .addOption(json())
    .option("--dev", "check as perdure dev does: secrets may stand in the file")
    .action((options: ConfigCommandOptions) => finish(configCheck(options, terminal)))
  withDataOptions(config.command("print").description("print what is in force and where each value comes from; secrets are masked"))
    .addOption(json())
    .option("--all", "with limits that nobody set")
    .option("--dev", "as perdure dev reads it")
    .action((options: ConfigCommandOptions) => finish(configPrint(options, terminal)))
  config
    .command("schema")
    .description("print the JSON Schema of perdure.yaml")
    .action(() => finish(configSchema(terminal)))
}

function addImport(program: Command, { terminal, finish }: Parts): void {
  const command = program.command("import").description("translate the configuration of another gateway")
  const add = (gateway: Gateway, title: string, file: string): Command =>
    command
      .command(gateway)
      .description(`print ${title} as perdure.yaml, and say what does not come along and what to do instead`)
      .argument("<file>", file)
      .option("--out <file>", "write the configuration there, and print the report")
      .option("--force", "write over a file that is there")
      .option("--strict", "fail with exit code 6 when anything is left out or will differ")
      .addOption(json())
      .action((path: string, options: ImportOptions) => finish(importFrom(gateway, path, options, terminal)))
  add("litellm", "a LiteLLM proxy's configuration", "LiteLLM's config.yaml")
  add("bifrost", "a configuration of Bifrost", "Bifrost's config.json")
  add("portkey", "a config of Portkey", "the config in JSON, or several by their names")
}

function withDataOptions(command: Command): Command {
  return command.option("--config <file>", "configuration file").option("--data <directory>", "data directory")
}

function withServerOptions(command: Command): Command {
  return withDataOptions(command)
    .option("--port <number>", "port to listen on; 0 takes any free one", toPort)
    .option("--host <address>", "address to listen on")
}

function json(): Option {
  return new Option("--json", "print JSON")
}

function toPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError("It is a whole number from 0 to 65535.")
}
