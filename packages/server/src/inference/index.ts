// Public face of inference.
export { createModels, type Models } from "./models.ts"
export type {
  CallModel,
  Citation,
  Deployment,
  Embed,
  Model,
  ModelCall,
  ModelContent,
  ModelEvent,
  ModelMessage,
  ModelPassage,
  ModelTool,
  ModelToolCall,
  ModelUsage,
} from "./types.ts"
