// Files of this server that a request names by their ids: their bytes take the place of the ids before anything else is read of it.
// An id that has not the form of ours is a provider's own, and stays.
import { readAttachments, type AttachedFile, type NamedFile } from "../../agents/index.ts"
import type { ActingCaller } from "../../context/index.ts"
import { AppError, isIdOf, type JsonObject, type JsonValue } from "../../core/index.ts"
import { parseJsonObject } from "../request-body.ts"
import type { HotCall } from "../shell.ts"
import { BodyBytes } from "./body-bytes.ts"
import { spliced, type JsonPath } from "./json-splice.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"

/** A place in a request where a file is named, and what stands there with its bytes. */
export interface FilePlace extends NamedFile {
  path: JsonPath
  put: (file: AttachedFile) => JsonValue
}

export type FilesIn = (body: JsonObject) => FilePlace[]

/** Ids of the stored files that each message names, by how many messages stand behind it: what shapes a request puts messages in front. */
export type FilesByMessage = ReadonlyMap<number, readonly string[]>

interface Filled {
  bytes: BodyBytes
  files: FilesByMessage
}

/** What every request has that names a file by its id; its end is looked for first, because underscores are rare. */
const idKeyEnd = Buffer.from('_id"')
const idKey = Buffer.from('"file_id"')
/** How ours begin, as long as their first digits tell a time of these centuries. Tools have parameters of the name alone. */
const ownId = Buffer.from("file_0")

/** A search of bytes: no request but those pays more. */
export function namesFiles({ attachments }: Pick<LightRunDependencies, "attachments">, bytes: BodyBytes | AppError): bytes is BodyBytes {
  if (attachments === undefined || bytes instanceof AppError) return false
  return bytes.includes(idKeyEnd) && bytes.includes(idKey) && bytes.includes(ownId)
}

/** Nothing follows where the client has left meanwhile. */
export function fillIn(
  dependencies: Pick<LightRunDependencies, "attachments">,
  filesIn: FilesIn,
  { principal, response }: HotCall,
  bytes: BodyBytes,
  done: (bytes: BodyBytes | Error, files?: FilesByMessage) => void,
): void {
  const go: typeof done = (...result) => {
    if (!response.destroyed) done(...result)
  }
  void filled(dependencies, filesIn, { projectId: principal.projectId, principal: principal.id, user: principal.user }, bytes).then(
    (result) => go(result.bytes, result.files),
    (error: unknown) => go(error instanceof Error ? error : new Error("a stored file could not be read", { cause: error })),
  )
}

async function filled(
  { attachments }: Pick<LightRunDependencies, "attachments">,
  filesIn: FilesIn,
  caller: ActingCaller,
  bytes: BodyBytes,
): Promise<Filled> {
  const whole = bytes.whole()
  const body = parseJsonObject(whole)
  const places = filesIn(body).filter(({ fileId }) => isIdOf("file", fileId))
  const files = byMessage(body, places)
  if (!attachments || places.length === 0) return { bytes, files }
  const read = await readAttachments(attachments, caller, places)
  const edits = places.flatMap(({ path, fileId, put }) => {
    const file = read.get(fileId)
    return file ? [{ path, text: JSON.stringify(put(file)) }] : []
  })
  return { bytes: new BodyBytes([Buffer.from(spliced(whole.toString(), edits))]), files }
}

function byMessage({ messages }: JsonObject, places: readonly FilePlace[]): FilesByMessage {
  const files = new Map<number, string[]>()
  const count = Array.isArray(messages) ? messages.length : 0
  for (const { path, fileId } of places) {
    const [list, at] = path
    if (list !== "messages" || typeof at !== "number") continue
    const behind = count - 1 - at
    files.set(behind, [...new Set([...(files.get(behind) ?? []), fileId])])
  }
  return files
}
