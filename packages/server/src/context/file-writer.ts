// Writes one file in parts as its bytes come; nobody sees it before it is complete.
import { createHash } from "node:crypto"
import { files, type Store, type StoredFile } from "../store/index.ts"
import { provenMediaType, sniffBytes } from "./documents/sniff.ts"

const partBytes = 1024 * 1024
/** What was begun so long ago was left behind by a process that died. */
const abandonedAfterMs = 24 * 60 * 60 * 1000

export class FileWriter {
  readonly #store: Store
  readonly file: StoredFile
  readonly #hash = createHash("sha256")
  #held: Uint8Array[] = []
  /** What tells its type. */
  #head: Buffer = Buffer.alloc(0)
  #heldBytes = 0
  #bytes = 0
  #parts = 0

  constructor(store: Store, file: StoredFile) {
    this.#store = store
    this.file = file
  }

  get bytes(): number {
    return this.#bytes
  }

  async write(content: Uint8Array): Promise<void> {
    this.#hash.update(content)
    if (this.#bytes < sniffBytes) this.#head = Buffer.concat([this.#head, content.subarray(0, sniffBytes - this.#bytes)])
    this.#bytes += content.byteLength
    this.#heldBytes += content.byteLength
    this.#held.push(content)
    if (this.#heldBytes >= partBytes) await this.#flush()
  }

  /** Writes what is held, for a file that stays incomplete. */
  async pause(): Promise<void> {
    if (this.#heldBytes > 0 || this.#parts === 0) await this.#flush()
  }

  /** The whole file. */
  async complete({ purpose, owner, expiresAt }: Pick<StoredFile, "purpose" | "owner" | "expiresAt"> = this.file): Promise<StoredFile> {
    await this.pause()
    const mediaType = (await provenMediaType(this.#head)) ?? null
    const whole = { ...this.file, bytes: this.#bytes, sha256: this.#hash.digest("hex"), mediaType, purpose, owner, expiresAt }
    await files.completeFile(this.#store.project(whole.projectId), whole)
    return whole
  }

  /** Nothing of it stays. */
  async discard(): Promise<void> {
    const { projectId, id } = this.file
    if (this.#parts > 0) await files.deleteFile(this.#store.project(projectId), projectId, id)
  }

  async #flush(): Promise<void> {
    const { projectId, id } = this.file
    const held = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    // A piece may be as large as the file.
    for (let from = 0; from < held.length || this.#parts === 0; from += partBytes) {
      const part = this.#parts
      this.#parts += 1
      const content = held.subarray(from, from + partBytes)
      await this.#store.project(projectId).transaction(async (tx) => {
        if (part === 0) {
          await files.deleteFile(tx, projectId, id)
          await files.deleteAbandonedFiles(tx, projectId, this.file.createdAt - abandonedAfterMs)
          await files.beginFile(tx, this.file)
        }
        if (content.length > 0) await files.insertPart(tx, this.file, part, content)
      })
    }
  }
}
