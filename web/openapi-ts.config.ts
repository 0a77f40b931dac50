import { defineConfig } from "@hey-api/openapi-ts"

export default defineConfig({
  input: "openapi.json",
  output: { path: "src/api", clean: true },
  plugins: [
    "@hey-api/typescript",
    { name: "@hey-api/sdk", responseStyle: "data" },
    { name: "@hey-api/client-fetch", baseUrl: false, throwOnError: true },
  ],
})
