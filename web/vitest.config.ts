import { fileURLToPath } from "node:url"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vitest/config"
import { lighterParts } from "./lighter-parts.ts"

export default defineConfig({
  plugins: [react(), lighterParts()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    environment: "jsdom",
    environmentOptions: { jsdom: { url: "http://allgreen.test/" } },
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
    // A busy machine is no failure: the assertions wait for what they want, not for a clock.
    testTimeout: 30_000,
    restoreMocks: true,
    sequence: { shuffle: true },
  },
})
