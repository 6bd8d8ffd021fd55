// Uploads in parts: announced, sent in any order, put together in the order that the client names.
import { createHash } from "node:crypto"
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import {
  files as filesTable,
  uploads as table,
  type Store,
  type StoredFile,
  type StoredUpload,
  type StoredUploadPart,
} from "../store/index.ts"
import { checkedPurpose, fileTooLarge, partsOf, type Files } from "./files.ts"
import { newOwner, reachOf, wholeProject, type ActingCaller } from "./owners.ts"

export interface NewUpload {
  filename: string
  purpose: string
  mediaType: string
  bytes: number
  fileExpiresAfterS: number | null
  /** The scope that it belongs to, where it is not the caller's own. */
  owner?: string | undefined
}

export interface Upload {
  upload: StoredUpload
  isExpired: boolean
  /** Once it is complete. */
  file: StoredFile | null
}

export interface Uploads {
  create(caller: ActingCaller, request: NewUpload): Promise<Upload>
  /** Stores a part as its bytes come. */
  addPart(caller: ActingCaller, id: string, content: AsyncIterable<Uint8Array>): Promise<StoredUploadPart>
  complete(caller: ActingCaller, id: string, partIds: readonly string[], md5: string | null): Promise<Upload>
  cancel(caller: ActingCaller, id: string): Promise<Upload>
}

export interface UploadsDependencies {
  store: Store
  files: Files
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "fileBytesMax" | "batchFileBytesMax" | "uploadPartBytesMax" | "uploadLifeMs">
}

export function createUploads(dependencies: UploadsDependencies): Uploads {
  return new UploadService(dependencies)
}

class UploadService implements Uploads {
  readonly #dependencies: UploadsDependencies

  constructor(dependencies: UploadsDependencies) {
    this.#dependencies = dependencies
  }

  async create(caller: ActingCaller, { owner: asked, ...request }: NewUpload): Promise<Upload> {
    const { store, clock, newId, limits } = this.#dependencies
    const { projectId, principal } = caller
    const purpose = checkedPurpose(request.purpose)
    const name = purpose === "batch" ? "batchFileBytesMax" : "fileBytesMax"
    if (request.bytes > limits[name]) throw fileTooLarge(limits[name], name)
    const owner = await newOwner(store.project(projectId), caller, asked)
    const createdAt = clock.now()
    const upload: StoredUpload = {
      ...request,
      owner,
      projectId,
      id: newId("upload"),
      principal,
      status: "pending",
      fileId: null,
      createdAt,
      expiresAt: createdAt + limits.uploadLifeMs,
    }
    await table.insertUpload(store.project(projectId), upload)
    return { upload, isExpired: false, file: null }
  }

  async addPart(caller: ActingCaller, id: string, content: AsyncIterable<Uint8Array>): Promise<StoredUploadPart> {
    const { store, files, clock, newId, limits } = this.#dependencies
    const { projectId } = caller
    const upload = await this.#pending(caller, id)
    const partId = newId("part")
    const writer = files.begin(caller, { id: partId, filename: upload.filename, purpose: "" })
    try {
      for await (const piece of content) {
        await writer.write(piece)
        if (writer.bytes > Math.min(limits.uploadPartBytesMax, upload.bytes)) throw partTooLarge(upload, limits.uploadPartBytesMax)
      }
      await writer.pause()
      const part = { projectId, uploadId: id, id: partId, bytes: writer.bytes, createdAt: clock.now() }
      await table.insertUploadPart(store.project(projectId), part)
      return part
    } catch (error) {
      await writer.discard()
      throw error
    }
  }

  async complete(caller: ActingCaller, id: string, partIds: readonly string[], md5: string | null): Promise<Upload> {
    const { store, files } = this.#dependencies
    const { projectId } = caller
    const upload = await this.#pending(caller, id)
    const parts = await this.#ordered(upload, partIds)
    const { filename, purpose, fileExpiresAfterS } = upload
    const writer = files.begin(caller, { filename, purpose: "" })
    const hash = createHash("md5")
    try {
      for (const part of parts) {
        for await (const piece of partsOf(store, part)) {
          hash.update(piece)
          await writer.write(piece)
        }
      }
      const digest = hash.digest("hex")
      if (md5 !== null && digest !== md5.toLowerCase())
        throw new AppError("invalid_request", `The bytes of upload '${id}' have the MD5 ${digest}, not ${md5.slice(0, 64)}.`, {
          param: "md5",
          hint: "Send the parts again, or name them in their order.",
        })
    } catch (error) {
      await writer.discard()
      throw error
    }
    const file = await files.complete(writer, { purpose, owner: upload.owner, expiresAfterSeconds: fileExpiresAfterS ?? undefined })
    if (!(await table.endUpload(store.project(projectId), projectId, id, { status: "completed", fileId: file.id }))) {
      await files.delete(wholeProject(projectId), file.id)
      throw notPending(await this.#require(caller, id))
    }
    await this.#dropParts(projectId, id)
    return this.#shown(await this.#require(caller, id), file)
  }

  async cancel(caller: ActingCaller, id: string): Promise<Upload> {
    const { store } = this.#dependencies
    const { projectId } = caller
    await this.#pending(caller, id)
    await table.endUpload(store.project(projectId), projectId, id, { status: "cancelled", fileId: null })
    await this.#dropParts(projectId, id)
    return this.#shown(await this.#require(caller, id), null)
  }

  /** The parts named, which must be all that was announced. */
  async #ordered(upload: StoredUpload, partIds: readonly string[]): Promise<StoredUploadPart[]> {
    const { store } = this.#dependencies
    const known = new Map(
      (await table.partsOfUpload(store.project(upload.projectId), upload.projectId, upload.id)).map((part) => [part.id, part]),
    )
    const parts = partIds.map((partId, index) => {
      const part = known.get(partId)
      if (part !== undefined) return part
      throw new AppError("invalid_request", `Upload '${upload.id}' has no part '${partId.slice(0, 100)}'.`, { param: `part_ids[${index}]` })
    })
    const bytes = parts.reduce((total, part) => total + part.bytes, 0)
    if (bytes === upload.bytes) return parts
    throw new AppError("invalid_request", `The parts have ${bytes} bytes together; ${upload.bytes} were announced.`, { param: "part_ids" })
  }

  async #dropParts(projectId: string, id: string): Promise<void> {
    const db = this.#dependencies.store.project(projectId)
    for (const part of await table.partsOfUpload(db, projectId, id)) await filesTable.deleteFile(db, projectId, part.id)
  }

  #shown(upload: StoredUpload, file: StoredFile | null): Upload {
    return { upload, isExpired: upload.status === "pending" && upload.expiresAt <= this.#dependencies.clock.now(), file }
  }

  async #pending(caller: ActingCaller, id: string): Promise<StoredUpload> {
    const upload = await this.#require(caller, id)
    if (upload.status === "pending" && !this.#shown(upload, null).isExpired) return upload
    throw notPending(upload)
  }

  /** Whoever may not add to it cannot do anything with it. */
  async #require(caller: ActingCaller, id: string): Promise<StoredUpload> {
    const db = this.#dependencies.store.project(caller.projectId)
    const { write } = await reachOf(db, caller)
    const upload = await table.findUpload(db, caller.projectId, id, write)
    if (upload !== undefined) return upload
    throw new AppError("not_found", `No upload '${id}' in this project.`, { param: "upload_id" })
  }
}

function notPending({ id, status }: StoredUpload): AppError {
  return new AppError("invalid_request", `Upload '${id}' is ${status === "pending" ? "expired" : status}; it takes no more parts.`, {
    hint: "Create another upload.",
  })
}

function partTooLarge(upload: StoredUpload, bytesMax: number): AppError {
  return new AppError(
    "file_too_large",
    `The part is larger than uploadPartBytesMax, ${bytesMax} bytes, or than the ${upload.bytes} bytes announced.`,
    {
      param: "data",
      hint: "Send the file in more parts.",
    },
  )
}
