// Public face of the embedded embedding model.
export { MiniLmError, type MiniLmErrorCode } from "./errors.ts"
export { contentTokensMax, dimensions, tokensMax, type Passage, type PassageVectors } from "./encode.ts"
export { maxSim, tokenDimensions, type TokenVectors } from "./late-interaction.ts"
export { weightsHash } from "./model-files.ts"
export { openMiniLm, textsWaitingMax, type MiniLm, type OpenMiniLmOptions } from "./minilm.ts"
