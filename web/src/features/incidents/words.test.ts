import { describe, expect, test } from "vitest"
import type { Moment } from "@/api"
import { makeIncidentInFull, makeMessage, makeTold } from "@/testing/factories"
import { groupByDay, namesOf, writeMoment, writeSentence, writeStretch } from "./words"

const NOW = Date.parse("2026-04-15T08:00:00Z")

const OPEN = { state: "open", ended_at: null, resolution: null } as const

describe("the sentence", () => {
  test.each([
    ["over", {}, "Checkout API was down for 42\u00a0min."],
    ["not over", OPEN, "Checkout API is down."],
    [
      "over, and came back",
      { reopened: 2, ended_at: "2026-04-15T00:10:00Z" },
      "Checkout API was down 3\u00a0times within 1\u00a0h 10\u00a0min.",
    ],
  ] as const)("of an outage that is %s", (_, over, sentence) => {
    expect(writeSentence(makeIncidentInFull(over))).toBe(sentence)
  })
})

describe("the stretch", () => {
  test.each([
    ["one day", {}, "UTC", "Yesterday 23:00 to 23:42 UTC"],
    ["another zone", {}, "Europe/Stockholm", "Today 01:00 to 01:42 CEST"],
    [
      "midnight in it",
      { ended_at: "2026-04-15T00:10:00Z" },
      "UTC",
      "Yesterday 23:00 to today 00:10 UTC",
    ],
    ["a few seconds", { ended_at: "2026-04-14T23:00:08Z" }, "UTC", "Yesterday 23:00 UTC"],
    ["no end", OPEN, "UTC", "Since yesterday 23:00 UTC"],
    [
      "another year",
      { began_at: "2024-02-29T23:00:00Z", ended_at: "2024-02-29T23:10:00Z" },
      "UTC",
      "Thu 29 Feb 2024 23:00 to 23:10 UTC",
    ],
  ] as const)("with %s names its zone", (_, over, zone, words) => {
    expect(writeStretch(makeIncidentInFull(over), NOW, zone)).toBe(words)
  })
})

const moment = (over: Partial<Moment>): Moment => ({
  at: "2026-04-14T23:00:00Z",
  what: "failed",
  ...over,
})

describe("a moment", () => {
  test("of the first failure is told apart from those that confirm it", () => {
    const first = moment({ attempt: 1 })

    const words = [
      writeMoment(first, []),
      writeMoment(moment({ attempt: 2 }), [first]),
      writeMoment(moment({ attempt: 1 }), [first]),
    ].map(({ what }) => what)

    expect(words).toEqual([
      "First failure seen",
      "Tried again at once: failed",
      "The next check failed too",
    ])
  })

  test.each([
    ["the turn", { what: "confirmed" }, "down", "Declared down"],
    ["slowness before", { what: "turned", health: "degraded" }, "degraded", "Slow"],
    ["an end", { what: "ended", text: "holds again", health: "up" }, "up", "Holds again"],
    [
      "a slow end",
      { what: "ended", text: "holds again", health: "degraded" },
      "degraded",
      "Holds again, but slowly",
    ],
    [
      "a pause",
      { what: "ended", text: "paused" },
      "paused",
      "Closed, because the service was paused",
    ],
    ["an act", { what: "noted", text: "Jonas paused it" }, "note", "Jonas paused it"],
  ] as const)("of %s", (_, over, glyph, what) => {
    expect(writeMoment(moment(over), [])).toMatchObject({ glyph, what })
  })
})

describe("who was told", () => {
  test.each([
    ["the reader alone", { sent: 1 }, [], "You were told that it is down"],
    ["one person", { sent: 1, you: false }, [], "One person was told that it is down"],
    ["many", { sent: 4, you: false }, [], "4\u00a0people were told that it is down"],
    ["the reader and one", {}, [], "You and one other were told that it is down"],
    ["the reader and many", { sent: 3 }, [], "You and 2\u00a0others were told that it is down"],
    ["one by name", { sent: 1 }, ["Sofia"], "Sofia was told that it is down"],
    ["two by name", {}, ["Sofia", "Jonas"], "Sofia and Jonas were told that it is down"],
    [
      "more than there is room for",
      { sent: 5 },
      ["A", "B", "C", "D", "E"],
      "A, B, C and 2\u00a0others were told that it is down",
    ],
    ["nobody yet", { sent: 0, waiting: 2 }, [], "Nobody was told yet that it is down"],
    ["nobody", { sent: 0, kept: 1 }, [], "Nobody was told that it is down"],
    ["the end", { kind: "up" }, [], "You and one other were told that it holds again"],
  ] as const)("is %s", (_, over, names, what) => {
    const told = makeTold(over)

    expect(writeMoment(moment({ what: "told", told }), [], names).what).toBe(what)
  })

  test("says what became of the rest, and never counts it as told", () => {
    const told = makeTold({ sent: 0, waiting: 1, kept: 2, given_up: 1, cancelled: 3 })

    expect(writeMoment(moment({ what: "told", told }), []).detail).toBe(
      "1\u00a0message waits, 2\u00a0messages kept here, because no mail server is set, " +
        "1\u00a0message given up, 3\u00a0messages no longer true in time.",
    )
  })

  test("takes names from the messages of that very fact that were sent", () => {
    const owed_at = "2026-04-14T23:00:21Z"
    const deliveries = [
      makeMessage({ created_at: owed_at }),
      makeMessage({ created_at: owed_at, to_name: null, to: "pager@x.example" }),
      makeMessage({ created_at: owed_at, to_name: "Late", state: "waiting" }),
      makeMessage({ created_at: owed_at, to_name: "Hidden", kind: "up" }),
      makeMessage({ to_name: "Another fact" }),
    ]

    expect(namesOf(makeTold({ owed_at }), deliveries)).toEqual([
      "Sofia Lindqvist",
      "pager@x.example",
    ])
  })
})

test("moments are laid out by the days of the workspace", () => {
  const moments = ["2026-04-14T21:59:59Z", "2026-04-14T22:00:00Z"].map((at) => moment({ at }))

  expect(groupByDay(moments, "UTC").map(({ day }) => day)).toEqual(["Tue 14 Apr 2026"])
  expect(groupByDay(moments, "Europe/Stockholm").map(({ day }) => day)).toEqual([
    "Tue 14 Apr 2026",
    "Wed 15 Apr 2026",
  ])
})
