// Where a request to change pictures names stored ones by their ids, and the pictures that stand there with their bytes.
import { dataUrl, type AttachedFile } from "../../agents/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { JsonPath } from "../light/json-splice.ts"
import type { FilePlace } from "../light/stored-files.ts"
import { pathText } from "../request-body.ts"

export function imageFiles({ images, mask }: JsonObject): FilePlace[] {
  const list = Array.isArray(images) ? (images as readonly JsonValue[]) : []
  return [...list.flatMap((image, index) => placeOf(image, ["images", index])), ...placeOf(mask, ["mask"])]
}

function placeOf(image: JsonValue | undefined, path: JsonPath): FilePlace[] {
  if (!isJsonObject(image) || typeof image["file_id"] !== "string" || typeof image["image_url"] === "string") return []
  const { file_id: fileId, ...rest } = image
  const put = (file: AttachedFile): JsonValue => ({ ...rest, image_url: dataUrl(file) })
  return [{ fileId, param: `${pathText(path)}.file_id`, path, put }]
}
