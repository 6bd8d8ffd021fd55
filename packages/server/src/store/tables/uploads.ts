// Uploads that come in parts: what was announced, and the parts that are there.
import type { Queryable } from "../port.ts"
import { ownedBy, type Owners } from "./owners.ts"

export interface StoredUpload {
  projectId: string
  id: string
  filename: string
  purpose: string
  mediaType: string
  /** As announced. */
  bytes: number
  principal: string
  /** The scope that it belongs to, and its file with it. */
  owner: string
  status: "pending" | "completed" | "cancelled"
  fileId: string | null
  fileExpiresAfterS: number | null
  createdAt: number
  expiresAt: number
}

export interface StoredUploadPart {
  projectId: string
  uploadId: string
  id: string
  bytes: number
  createdAt: number
}

const columns = `project_id as "projectId", id, filename, purpose, media_type as "mediaType", bytes, principal, owner, status, file_id as "fileId",
  file_expires_after_s as "fileExpiresAfterS", created_at as "createdAt", expires_at as "expiresAt"`
const partColumns = `project_id as "projectId", upload_id as "uploadId", id, bytes, created_at as "createdAt"`

export async function insertUpload(db: Queryable, upload: StoredUpload): Promise<void> {
  await db.query(
    `insert into uploads (project_id, id, filename, purpose, media_type, bytes, principal, status, file_expires_after_s, created_at, expires_at, owner)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, to_timestamp($10::float8 / 1000), to_timestamp($11::float8 / 1000), $12)`,
    [
      upload.projectId,
      upload.id,
      upload.filename,
      upload.purpose,
      upload.mediaType,
      upload.bytes,
      upload.principal,
      upload.status,
      upload.fileExpiresAfterS,
      upload.createdAt,
      upload.expiresAt,
      upload.owner,
    ],
  )
}

export async function findUpload(db: Queryable, projectId: string, id: string, owners: Owners): Promise<StoredUpload | undefined> {
  const text = `select ${columns} from uploads where project_id = $1 and id = $2 and ${ownedBy(3)}`
  return (await db.query<StoredUpload>(text, [projectId, id, owners]))[0]
}

/** Ends a pending upload; false when it has ended already. */
export async function endUpload(
  db: Queryable,
  projectId: string,
  id: string,
  end: { status: "completed" | "cancelled"; fileId: string | null },
): Promise<boolean> {
  const text = `update uploads set status = $3, file_id = $4 where project_id = $1 and id = $2 and status = 'pending' returning id`
  return (await db.query(text, [projectId, id, end.status, end.fileId])).length > 0
}

export async function insertUploadPart(db: Queryable, part: StoredUploadPart): Promise<void> {
  await db.query(
    `insert into upload_parts (project_id, upload_id, id, bytes, created_at) values ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))`,
    [part.projectId, part.uploadId, part.id, part.bytes, part.createdAt],
  )
}

export function partsOfUpload(db: Queryable, projectId: string, uploadId: string): Promise<StoredUploadPart[]> {
  return db.query<StoredUploadPart>(`select ${partColumns} from upload_parts where project_id = $1 and upload_id = $2`, [
    projectId,
    uploadId,
  ])
}
