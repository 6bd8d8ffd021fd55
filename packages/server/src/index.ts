// Public face of the package for applications: what `import { … } from "perdure"` gives.
export { defineConfig, type ConfigInput } from "./config/index.ts"
