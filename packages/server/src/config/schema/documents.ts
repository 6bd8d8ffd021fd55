// The section `documents`: how vector stores are searched.
import { z } from "zod"
import { rerankSection } from "./rerank.ts"

export const documentsSection = {
  documents: z
    .strictObject({
      rerank: rerankSection(
        "A reranking model that orders what searches of vector stores find, where they name no other; the fitted order when absent",
      ),
    })
    .prefault({}),
}
