// Files: what clients upload, kept in the database with its hash and the label that its chunks will carry.
import { AppError, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { files, vectorStoreFiles, type FilePage, type Queryable, type Store, type StoredFile } from "../store/index.ts"
import { FileWriter } from "./file-writer.ts"
import { newOwner, projectOwner, reachOf, requireWritable, type ActingCaller, type Reach } from "./owners.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { removeSegmentsOfFile } from "./segment-index.ts"

export const filePurposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const

export interface FileUpload {
  filename: string
  purpose: string
  content: Uint8Array
  expiresAfterSeconds?: number | undefined
}

export interface BegunFile extends Omit<FileUpload, "content"> {
  /** A new one when absent; whoever begins the same again writes it anew. */
  id?: string
  /** The project where it is absent; `complete` may say it, too. */
  owner?: string
}

export interface Files {
  upload(caller: ActingCaller, upload: FileUpload): Promise<StoredFile>
  /** A file that is written in parts and is there once it is complete. */
  begin(caller: Pick<ActingCaller, "projectId" | "principal">, begun: BegunFile): FileWriter
  /** Of an upload: its purpose is checked with what it allows. */
  complete(writer: FileWriter, upload: Pick<FileUpload, "purpose" | "expiresAfterSeconds"> & { owner: string }): Promise<StoredFile>
  /** To whom a new file belongs: as asked, else the caller's own. */
  ownerOf(caller: ActingCaller, asked?: string): Promise<string>
  get(caller: ActingCaller, id: string): Promise<StoredFile>
  /** Throws where the caller does not reach it, or only reads it. */
  requireWritable(caller: ActingCaller, id: string): Promise<StoredFile>
  list(caller: ActingCaller, page: Omit<FilePage, "owners">): Promise<StoredFile[]>
  /** The file's bytes in parts, read one after the other as they are asked for. */
  content(caller: ActingCaller, id: string): Promise<{ file: StoredFile; parts: AsyncIterable<Uint8Array> }>
  /** Removes the file, and its chunks, words and vectors from every vector store, before it returns. */
  delete(caller: ActingCaller, id: string): Promise<void>
  /** The same for a file that nobody sees any more; nothing happens when it is gone. */
  deleteExpired(projectId: string, id: string): Promise<void>
}

export interface FilesDependencies {
  store: Store
  index: ScopeIndex
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "fileBytesMax" | "batchFileBytesMax" | "batchResultsKeptMs">
}

export function createFiles({ store, index, clock, newId, limits }: FilesDependencies): Files {
  const reached = async (caller: ActingCaller, id: string): Promise<{ file: StoredFile; reach: Reach }> => {
    const { projectId } = caller
    const reach = await reachOf(store.project(projectId), caller)
    const file = await files.findFile(store.project(projectId), projectId, clock.now(), id, reach.read)
    return file === undefined ? raise(noFile(id)) : { file, reach }
  }
  const get = async (caller: ActingCaller, id: string): Promise<StoredFile> => (await reached(caller, id)).file
  const writable = async (caller: ActingCaller, id: string): Promise<StoredFile> => {
    const { file, reach } = await reached(caller, id)
    requireWritable(reach, caller, "file", file)
    return file
  }
  const ownerOf: Files["ownerOf"] = (caller, asked) => newOwner(store.project(caller.projectId), caller, asked)
  const begin: Files["begin"] = (caller, { id = newId("file"), filename, purpose, owner = projectOwner, expiresAfterSeconds }) => {
    const { projectId, principal } = caller
    const createdAt = clock.now()
    return new FileWriter(store, {
      id,
      projectId,
      filename: cleanFilename(filename),
      purpose,
      mediaType: null,
      bytes: 0,
      sha256: "",
      principal,
      owner,
      label: fileLabel(projectId, id) as unknown as JsonValue, // a Label is plain JSON
      createdAt,
      expiresAt: expiryOf(createdAt, expiresAfterSeconds),
    })
  }
  const complete: Files["complete"] = async (writer, { purpose, owner, expiresAfterSeconds }) => {
    const bytesMax = purpose === "batch" ? limits.batchFileBytesMax : limits.fileBytesMax
    const name = purpose === "batch" ? "batchFileBytesMax" : "fileBytesMax"
    try {
      if (writer.bytes > bytesMax) throw fileTooLarge(bytesMax, name)
      const kept = purpose === "batch" ? Math.ceil(limits.batchResultsKeptMs / 1000) : undefined
      const expiresAt = expiryOf(writer.file.createdAt, expiresAfterSeconds ?? kept)
      return await writer.complete({ purpose: checkedPurpose(purpose), owner, expiresAt })
    } catch (error) {
      await writer.discard()
      throw error
    }
  }
  const remove = (projectId: string, id: string): Promise<boolean> =>
    store.project(projectId).transaction((tx) => removeFile(tx, index, projectId, id))
  return {
    async upload(caller, { content, purpose, expiresAfterSeconds, filename }) {
      const owner = await ownerOf(caller)
      const writer = begin(caller, { filename, purpose: "" })
      await writer.write(content)
      return complete(writer, { purpose, owner, expiresAfterSeconds })
    },
    begin,
    complete,
    ownerOf,
    get,
    requireWritable: writable,
    async list(caller, page) {
      const db = store.project(caller.projectId)
      const { read: owners } = await reachOf(db, caller)
      return files.listFiles(db, caller.projectId, clock.now(), { ...page, owners })
    },
    async content(caller, id) {
      const file = await get(caller, id)
      return { file, parts: partsOf(store, file) }
    },
    async delete(caller, id) {
      // What has expired, or was never completed, is deleted by who reaches all.
      if (caller.user !== null) await writable(caller, id)
      if (!(await remove(caller.projectId, id))) throw noFile(id)
    },
    deleteExpired: async (projectId, id) => void (await remove(projectId, id)),
  }
}

/** Out of every vector store, with its chunks, words and vectors; the file itself stays. */
export async function withdrawFile(tx: Queryable, index: ScopeIndex, projectId: string, id: string): Promise<void> {
  for (const vectorStoreId of await files.lockStoresOfFile(tx, projectId, id)) {
    await removeSegmentsOfFile(tx, index, projectId, vectorStoreId, id)
    await vectorStoreFiles.deleteVectorStoreFile(tx, projectId, vectorStoreId, id)
  }
}

/** False where there is none. */
export async function removeFile(tx: Queryable, index: ScopeIndex, projectId: string, id: string): Promise<boolean> {
  await withdrawFile(tx, index, projectId, id)
  return files.deleteFile(tx, projectId, id)
}

/** The parts of a file. One that is deleted while it is read ends with an error instead of short. */
export async function* partsOf(
  store: Store,
  { projectId, id, bytes }: Pick<StoredFile, "projectId" | "id" | "bytes">,
): AsyncGenerator<Uint8Array> {
  const db = store.project(projectId)
  let left = bytes
  for (let part = 0; left > 0; part++) {
    const content = await files.filePart(db, projectId, id, part)
    if (content === undefined) throw noFile(id)
    left -= content.byteLength
    yield content
  }
}

/** Anyone may have written a file: untrusted until somebody declares otherwise; the uploader's project may read it. */
export function fileLabel(projectId: string, fileId: string): Label {
  return { integrity: 0, sources: [`file:${fileId}`], readers: [projectId], secrets: [] }
}

export function fileTooLarge(bytesMax: number, name: "fileBytesMax" | "batchFileBytesMax" | "uploadPartBytesMax"): AppError {
  return new AppError("file_too_large", `The file is larger than ${name}, ${bytesMax} bytes.`, {
    param: "file",
    hint: `Split the file, or raise limits.${name} in perdure.yaml.`,
  })
}

function expiryOf(createdAt: number, seconds: number | undefined): number | null {
  return seconds === undefined ? null : createdAt + seconds * 1000
}

export function noFile(id: string): AppError {
  return new AppError("not_found", `No file '${id}' in this project.`, { param: "file_id", hint: "List the files with GET /v1/files." })
}

export function checkedPurpose(purpose: string): string {
  if ((filePurposes as readonly string[]).includes(purpose)) return purpose
  throw new AppError("unsupported_value", `Purpose '${purpose.slice(0, 100)}' is not supported. Allowed: ${filePurposes.join(", ")}.`, {
    param: "purpose",
  })
}

/** The last part of the name, without control characters: it is shown to people and models. */
function cleanFilename(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ""
  const clean = last
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 255)
  return clean === "" ? "file" : clean
}

function raise(error: AppError): never {
  throw error
}
