import { setupServer } from "msw/node"

/** The API as the tests script it; a request nobody scripted fails the test. */
export const server = setupServer()
