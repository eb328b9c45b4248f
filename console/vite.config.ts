import { defineConfig } from 'vite';

// The server has `/` and `/_asl/assets/…` only. Names are stable, since it sends ETags: a build of the same sources is the same files.
export default defineConfig({
  base: '/_asl/',
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    target: 'es2022',
    cssTarget: 'chrome123',
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        entryFileNames: 'assets/console.js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/console[extname]',
      },
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: { include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0]);
