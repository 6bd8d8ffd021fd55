// Starts the dashboard in the page.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app.tsx"
import { startTheme } from "./lib/theme.ts"

startTheme()
const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 5_000, retry: 1 } } })
const root = document.getElementById("root")
if (!root) throw new Error("the page has no #root")
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
