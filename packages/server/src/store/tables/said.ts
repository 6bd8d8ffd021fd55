// Which runs have a tag, or say something of themselves, as conditions on either table of runs.

/** `customer=acme` */
export interface MetadataPair {
  key: string
  value: string
}

interface Conditions {
  light: string
  durable: string
}

/** What is left out asks for nothing; `bound` makes a parameter of a value. */
export function saidConditions(tag: string | undefined, said: MetadataPair | undefined, bound: (value: string) => string): Conditions {
  const tagged = tag === undefined ? nothing : ofTag(bound(tag))
  const saying = said === undefined ? nothing : ofMetadata(bound(said.key), bound(said.value))
  return { light: tagged.light + saying.light, durable: tagged.durable + saying.durable }
}

const nothing: Conditions = { light: "", durable: "" }

/** A durable run has those that its key has now. */
function ofTag(tag: string): Conditions {
  return {
    light: ` and tags ? ${tag}::text`,
    durable: ` and (exists (select from api_keys k where k.id = principal and ${tag}::text = any (k.tags)) or ${listHolds("json", "metadata -> 'tags'", tag)})`,
  }
}

/** Values are compared as they are written, and a list has each of its own. */
function ofMetadata(key: string, value: string): Conditions {
  const member = `metadata -> ${key}::text`
  return {
    light: ` and metadata is not null and (metadata ->> ${key}::text = ${value}::text or ${listHolds("jsonb", member, value)})`,
    durable: ` and kind in ('response', 'workflow') and json_typeof(metadata) = 'object'
        and (metadata ->> ${key}::text = ${value}::text or ${listHolds("json", member, value)})`,
  }
}

function listHolds(type: "json" | "jsonb", list: string, value: string): string {
  const each = `exists (select from ${type}_array_elements_text(${list}) as each where each = ${value}::text)`
  return `(${type}_typeof(${list}) = 'array' and ${each})`
}
