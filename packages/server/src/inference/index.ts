// Public face of inference.
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
