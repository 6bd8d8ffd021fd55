// Turns references to secrets into secrets: from the environment, from files, from literals where they may stand.
import { readFileSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { messageOf } from "../core/index.ts"
import { secretFromEnvironment } from "./environment.ts"
import { problemAt, type ExplainContext } from "./explain.ts"
import type { Path } from "./paths.ts"
import { Secret } from "./secret.ts"
import type { ConfigProblem } from "./source.ts"
import type { Variables } from "./yaml.ts"

export interface SecretContext extends ExplainContext {
  variables: Variables
  isDev: boolean
}

export type SecretInput = string | { env?: string | undefined; file?: string | undefined } | undefined

const secretFileBytesMax = 64 * 1024

export class SecretReader {
  readonly #context: SecretContext
  readonly #problems: ConfigProblem[]

  constructor(context: SecretContext, problems: ConfigProblem[]) {
    this.#context = context
    this.#problems = problems
  }

  /** Null where there is none, or where it cannot be had, which is a problem then. */
  read(input: SecretInput, path: Path, isSecret: (text: string) => boolean): Secret | null {
    if (input === undefined) return null
    if (typeof input === "string") return this.#literal(input, path, isSecret)
    const { env, file } = input
    if ((env === undefined) === (file === undefined)) {
      this.#add(path, { what: "names neither a variable nor a file, or both", allowed: "{ env: NAME } or { file: path }" })
      return null
    }
    if (env !== undefined) {
      const found = secretFromEnvironment(env, this.#context.variables)
      if (found instanceof Secret) return found
      this.#add(path, found)
      return null
    }
    return this.#file(file ?? "", path)
  }

  /** The first of these variables that is set. */
  firstOf(variables: readonly string[]): Secret | null {
    const found = variables.map((name) => secretFromEnvironment(name, this.#context.variables))
    return found.find((each) => each instanceof Secret) ?? null
  }

  /** A literal may stand where it is no secret, where it came from the environment, or in development. */
  #literal(text: string, path: Path, isSecret: (text: string) => boolean): Secret {
    const source = this.#context.overrideAt(path)
    if (source !== undefined) return new Secret(text, source)
    const written = this.#context.source.writtenAt(path)
    if (written !== undefined) return new Secret(text, written)
    const isFromEnvironment = Object.values(this.#context.variables).includes(text)
    if (isSecret(text) && !isFromEnvironment && !this.#context.isDev) {
      this.#add(path, {
        what: "a secret is written into the file",
        allowed: "{ env: NAME } or { file: path }",
        hint: "move it to the environment or a file; only perdure dev lets it through",
      })
    }
    return new Secret(text, "literal")
  }

  #file(file: string, path: Path): Secret | null {
    const absolute = resolve(this.#context.source.directory, file)
    try {
      if (statSync(absolute).size > secretFileBytesMax) throw new Error(`larger than ${secretFileBytesMax} bytes`)
      const text = readFileSync(absolute, "utf8").trim()
      if (text === "") throw new Error("the file is empty")
      return new Secret(text, `file ${file}`)
    } catch (error) {
      this.#add(path, { what: `the secret's file ${file} cannot be used: ${messageOf(error)}`, hint: "check the path and its permissions" })
      return null
    }
  }

  #add(path: Path, text: { what: string; allowed?: string; hint?: string }): void {
    this.#problems.push(problemAt(path, "value", text, this.#context))
  }
}
