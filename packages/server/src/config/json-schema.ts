// The JSON Schema of `perdure.yaml`, for editors and for the reference page.
import { inputJsonSchema, type SchemaNode } from "./paths.ts"

export interface ConfigJsonSchema extends SchemaNode {
  $schema: string
  $id: string
  title: string
}

/** Draft 2020-12. YAML values may also be `${NAME}`, which editors accept only where text is allowed. */
export function configJsonSchema(): ConfigJsonSchema {
  const { workflows: _workflows, tools: _tools, ...properties } = inputJsonSchema.properties ?? {}
  return {
    ...inputJsonSchema,
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://perdure.dev/schema/perdure.schema.json",
    title: "perdure.yaml",
    properties,
  }
}
