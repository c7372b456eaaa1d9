// How the dashboard is built. What comes out is served by src/dashboard/: nothing inline, every asset named by its hash.
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  build: {
    assetsInlineLimit: 0, // the policy allows no data: but for images
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    manifest: 'manifest.json',
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
    target: 'es2023',
  },
  // how it is worked on: `npx vite dashboard`, beside a server on port 8000
  server: { proxy: { '^/(api|login|logout|setup|signup|reset|oauth|device|docs)': 'http://localhost:8000' } },
})
