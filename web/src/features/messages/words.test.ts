import { expect, test } from "vitest"
import { makeMessage } from "@/testing/factories"
import { explainDelivery, nameReader } from "./words"

test.each([
  ["sent at the first attempt needs no more words", {}, null],
  ["sent after others says how many", { attempts: 3 }, "3\u00a0attempts"],
  ["waiting for its first", { state: "waiting", attempts: 0 }, null],
  ["waiting after an error", { state: "waiting", last_error: "451 busy" }, "1\u00a0attempt"],
  ["told with its end", { form: "merged" }, "In one mail with its end"],
  ["gathered", { form: "digest", state: "waiting", attempts: 0 }, "In one mail with others"],
  [
    "gathered and tried again",
    { form: "digest", attempts: 2 },
    "In one mail with others, 2\u00a0attempts",
  ],
  ["given up", { state: "given_up", last_error: "550 no" }, "1\u00a0attempt"],
  ["kept", { state: "kept" }, "Sent to nobody"],
  ["cancelled", { state: "cancelled", attempts: 0 }, "No longer true in time"],
] as const)("a message that was %s", (_, over, words) => {
  expect(explainDelivery(makeMessage(over))).toBe(words)
})

test.each([
  ["a member by name", {}, "Sofia Lindqvist"],
  [
    "anybody else by address",
    { to_name: null, to: "on-call@pager.example" },
    "on-call@pager.example",
  ],
  [
    "nobody whom the reader may not know",
    { to_name: null, to: null },
    "An address that only owners see",
  ],
] as const)("it names %s", (_, over, name) => {
  expect(nameReader(makeMessage(over))).toBe(name)
})
