// A TCP door in front of a Postgres socket, as a network or a fail-over has it: shut, silent, cutting what is open, leading to another server.
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { join } from "node:path"
import type { TestPostgres } from "./postgres-server.ts"

export class DatabaseDoor implements AsyncDisposable {
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #to: TestPostgres
  #isSilent = false
  port = 0

  constructor(to: TestPostgres) {
    this.#to = to
  }

  url(database: string, user: string): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${database}`
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.#pass(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(this.port, "127.0.0.1", resolve)
    })
    this.port = (server.address() as AddressInfo).port // it listens on TCP
  }

  /** New connections are refused, open ones cut. */
  async shut(): Promise<void> {
    const closed = new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)))
    this.cut()
    await closed
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Nothing comes through any more, on old connections and new ones, and nobody is told: a host that vanished. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent
    for (const socket of this.#sockets) {
      if (isSilent) socket.pause()
      else socket.resume()
    }
  }

  leadTo(other: TestPostgres): void {
    this.#to = other
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shut()
  }

  #pass(socket: Socket): void {
    const inner = connect(join(this.#to.directory, ".s.PGSQL.5432"))
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#sockets.add(one)
      one.on("data", (chunk) => other.write(chunk))
      one.on("error", () => undefined)
      one.on("close", () => {
        this.#sockets.delete(one)
        other.destroy()
      })
      if (this.#isSilent) one.pause()
    }
  }
}
