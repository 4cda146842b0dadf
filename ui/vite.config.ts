import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Two pages, and nothing inline: the content policy allows no script or style that is not a file of ours. */
export default defineConfig({
  root: here('.'),
  plugins: [react()],
  // Empty: nothing is copied beside what is built.
  publicDir: false,
  cacheDir: here('../node_modules/.cache/vite-ui'),
  build: {
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { index: here('./index.html'), docs: here('./docs.html') } },
  },
});
