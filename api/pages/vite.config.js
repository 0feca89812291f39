/**
 * How the pages are built: three entries (citizen, staff, API description) into dist/, for a strict
 * Content-Security-Policy: nothing inline, nothing from another host, every asset a hashed file with its .gz beside it.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import { VantResolver } from '@vant/auto-import-resolver'
import Components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'

const here = import.meta.dirname

/**
 * Vant embeds its icon font as a data: address (and names another host beside it): both break the policy, so make it a
 * file.
 */
function vantIconFont() {
  const cache = join(here, 'node_modules/.cache/circle')
  return {
    name: 'circle:vant-icon-font',
    enforce: 'pre',
    transform(code, id) {
      if (!/vant\/.*icon\/index\.css/.test(id)) return null
      const font = code.match(/data:font\/woff2[^,]*base64,([A-Za-z0-9+/=]+)/)
      if (!font) this.error('Vant no longer embeds its icon font as woff2: look at vantIconFont() again.')
      mkdirSync(cache, { recursive: true })
      const file = join(cache, 'vant-icon.woff2')
      writeFileSync(file, Buffer.from(font[1], 'base64'))
      return { code: code.replace(/src:\s*url\([^}]*(?=})/, `src:url("${file}") format("woff2")`), map: null }
    },
  }
}

/** Flask does not compress: a .gz lies beside each text asset, made once here. */
function gzipBeside() {
  return {
    name: 'circle:gzip',
    apply: 'build',
    writeBundle({ dir }) {
      for (const name of readdirSync(dir, { recursive: true })) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue
        const path = join(dir, name)
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: constants.Z_BEST_COMPRESSION }))
      }
    },
  }
}

/** During `npm run dev` the answers come from a server on another port. */
const backend = process.env.CIRCLE_BACKEND ?? 'http://127.0.0.1:8000'

/** The oldest phones that run the pages: modules and dynamic import are the floor (`browserslist` in package.json). */
const OLDEST = ['chrome64', 'ios12']

export default defineConfig({
  root: here,
  json: { namedExports: false },
  plugins: [
    vantIconFont(),
    vue({ features: { optionsAPI: false } }),
    Components({ dirs: [], dts: false, resolvers: [VantResolver()] }),
    gzipBeside(),
  ],
  build: {
    target: OLDEST,
    cssTarget: OLDEST,
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: Object.fromEntries(['index', 'staff', 'docs'].map((name) => [name, resolve(here, `${name}.html`)])),
    },
  },
  server: {
    proxy: {
      '^/(v1|openapi.json|asyncapi.json)': backend,
      '/socket.io': { target: backend, ws: true },
    },
  },
})
