// Public face of the embedded embedding model.
export { MiniLmError, type MiniLmErrorCode } from "./errors.ts"
export { contentTokensMax, dimensions, maxSim, tokensMax, type TextVectors } from "./encode.ts"
export { openMiniLm, textsWaitingMax, type MiniLm, type OpenMiniLmOptions } from "./minilm.ts"
