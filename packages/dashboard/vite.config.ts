// Builds the dashboard into the server's assets, under /dashboard/, with no inlined assets (the page's policy allows only files of its own).
import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  root: import.meta.dirname,
  base: "/dashboard/",
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../server/assets/dashboard",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2023",
    modulePreload: { polyfill: false },
  },
})
