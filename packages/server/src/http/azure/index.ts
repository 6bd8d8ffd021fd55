// Public face of what clients for Azure's OpenAI service send.
export { takeAzureRequest } from "./azure-request.ts"
