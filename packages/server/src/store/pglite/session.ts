// Statements on the embedded engine: prepared once by their text, one message each, narrowed to a project inside the same message.
import { statementError } from "../errors.ts"
import type { SqlValue } from "../port.ts"
import { scopeName, scopeStatement } from "../scope.ts"
import { bindValue } from "../values.ts"
import { closeStatement, parseStatement, readReply, runStatement, simpleQuery, syncMessage, type WireReply } from "../wire.ts"
import type { Turn } from "./host.ts"

interface Prepared {
  readonly name: string
  /** Which of its columns are bytes; empty where none is. */
  readonly binary: readonly boolean[]
}

/** The one session of the engine and what is prepared in it. */
export class PgliteSession {
  readonly #prepared = new Map<string, Prepared>()
  readonly #preparedMax: number
  readonly #onNotification: (channel: string, payload: string) => void
  #scopePrepared = false
  #nextName = 1

  constructor(preparedMax: number, onNotification: (channel: string, payload: string) => void) {
    this.#preparedMax = preparedMax
    this.#onNotification = onNotification
  }

  /** One statement; with a project, narrowed to it. Outside a transaction both commit together. */
  async query(turn: Turn, text: string, values: readonly SqlValue[], projectId?: string): Promise<Record<string, unknown>[]> {
    const parts: Uint8Array[] = []
    const scopeWasPrepared = this.#scopePrepared
    if (projectId !== undefined) {
      if (!scopeWasPrepared) parts.push(parseStatement(scopeName, scopeStatement))
      parts.push(runStatement(scopeName, [projectId], { describe: false }))
    }
    const known = this.#prepared.get(text)
    const { name, binary } = known ?? { name: `p${this.#nextName++}`, binary: [] }
    if (known === undefined) {
      parts.push(...this.#makeRoom(), parseStatement(name, text))
    } else {
      // Most recently used last.
      this.#prepared.delete(text)
      this.#prepared.set(text, known)
    }
    parts.push(runStatement(name, values.map(bindValue), { describe: true, binary }), syncMessage())
    const reply = await this.#exchange(turn, Buffer.concat(parts))
    await this.#remember(turn, reply, { text, name, known: known !== undefined, scoped: projectId !== undefined && !scopeWasPrepared })
    if (reply.error === undefined) return reply.rows
    // DDL under a prepared statement; outside a transaction nothing had happened, so it runs once more, prepared anew.
    if (known !== undefined && isStale(reply.error.sqlState) && reply.status === "I") return await this.query(turn, text, values, projectId)
    throw statementError(reply.error)
  }

  /** Several statements without values. */
  async script(turn: Turn, text: string): Promise<void> {
    const reply = await this.#exchange(turn, simpleQuery(text))
    if (reply.error !== undefined) throw statementError(reply.error)
  }

  async #exchange(turn: Turn, request: Uint8Array): Promise<WireReply> {
    const reply = readReply(await turn.send(request))
    for (const { channel, payload } of reply.notifications) this.#onNotification(channel, payload)
    return reply
  }

  /** A statement whose message failed may be prepared or not: it is closed, so that its name means nothing. */
  async #remember(turn: Turn, reply: WireReply, sent: { text: string; name: string; known: boolean; scoped: boolean }): Promise<void> {
    if (reply.error === undefined) {
      if (sent.scoped) this.#scopePrepared = true
      const binary = reply.bytesColumns.includes(true) ? reply.bytesColumns : []
      this.#prepared.set(sent.text, { name: sent.name, binary })
      return
    }
    const leftovers = sent.known ? [] : [closeStatement(sent.name)]
    if (sent.scoped) leftovers.push(closeStatement(scopeName))
    // A plan whose result type was changed by DDL, or a statement dropped by DISCARD: prepared anew next time.
    if (sent.known && isStale(reply.error.sqlState)) {
      this.#prepared.delete(sent.text)
      leftovers.push(closeStatement(sent.name))
    }
    if (leftovers.length > 0) await turn.send(Buffer.concat([...leftovers, syncMessage()]))
  }

  #makeRoom(): Uint8Array[] {
    const oldest = this.#prepared.size >= this.#preparedMax ? this.#prepared.entries().next().value : undefined
    if (oldest === undefined) return []
    this.#prepared.delete(oldest[0])
    return [closeStatement(oldest[1].name)]
  }
}

function isStale(sqlState: string): boolean {
  return sqlState === "0A000" || sqlState === "26000"
}
