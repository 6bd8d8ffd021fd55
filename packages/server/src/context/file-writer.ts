// Writes one file in parts as its bytes come; nobody sees it before it is complete.
import { createHash } from "node:crypto"
import { files, type Store, type StoredFile } from "../store/index.ts"

const partBytes = 1024 * 1024

export class FileWriter {
  readonly #store: Store
  readonly #file: StoredFile
  readonly #hash = createHash("sha256")
  #held: Uint8Array[] = []
  #heldBytes = 0
  #bytes = 0
  #parts = 0

  constructor(store: Store, file: StoredFile) {
    this.#store = store
    this.#file = file
  }

  get bytes(): number {
    return this.#bytes
  }

  async write(content: Uint8Array): Promise<void> {
    this.#hash.update(content)
    this.#bytes += content.byteLength
    this.#heldBytes += content.byteLength
    this.#held.push(content)
    if (this.#heldBytes >= partBytes) await this.#flush()
  }

  /** The whole file. */
  async complete(): Promise<StoredFile> {
    if (this.#heldBytes > 0 || this.#parts === 0) await this.#flush()
    const facts = { bytes: this.#bytes, sha256: this.#hash.digest("hex"), mediaType: null }
    await files.completeFile(this.#store.project(this.#file.projectId), this.#file, facts)
    return { ...this.#file, ...facts }
  }

  async #flush(): Promise<void> {
    const { projectId, id } = this.#file
    const content = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    const part = this.#parts
    this.#parts += 1
    await this.#store.project(projectId).transaction(async (tx) => {
      if (part === 0) {
        await files.deleteFile(tx, projectId, id)
        await files.beginFile(tx, this.#file)
      }
      if (content.length > 0) await files.insertPart(tx, this.#file, part, content)
    })
  }
}
