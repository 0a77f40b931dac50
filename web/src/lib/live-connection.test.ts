import { QueryClient } from "@tanstack/react-query"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { connectLive } from "./live"

/** A stream that a test opens, breaks and speaks through. */
class ScriptedEventSource extends EventTarget {
  static readonly CLOSED = 2
  static opened: ScriptedEventSource[] = []
  readyState = 0
  constructor(readonly url: string) {
    super()
    ScriptedEventSource.opened.push(this)
  }
  close() {
    this.readyState = 2
  }
  fail(readyState: number) {
    this.readyState = readyState
    this.dispatchEvent(new Event("error"))
  }
  change(kind: string, id = "s1") {
    const data = JSON.stringify({ kind, id })
    this.dispatchEvent(new MessageEvent("change", { data }))
  }
  greet() {
    this.dispatchEvent(new MessageEvent("hello", { data: "{}" }))
  }
}

let stop = () => {}

function setUp() {
  const queryClient = new QueryClient()
  const invalidate = vi.spyOn(queryClient, "invalidateQueries")
  const refetch = vi.spyOn(queryClient, "refetchQueries")
  const refreshRows = vi.fn(async () => {})
  stop = connectLive("w1", queryClient, refreshRows)
  const streams = ScriptedEventSource.opened
  const last = () => streams[streams.length - 1] as ScriptedEventSource
  return { invalidate, refetch, refreshRows, streams, last }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal("EventSource", ScriptedEventSource)
  ScriptedEventSource.opened = []
})

afterEach(() => {
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test("a stream that was refused is opened again, and its greeting refetches all", () => {
  const { invalidate, streams, last } = setUp()
  last().greet()

  last().fail(ScriptedEventSource.CLOSED)
  vi.advanceTimersByTime(5000)
  last().greet()

  expect(streams).toHaveLength(2)
  expect(invalidate).toHaveBeenCalledOnce()
})

test("a broken line is left to the browser", () => {
  const { streams, last } = setUp()

  last().fail(0)
  vi.advanceTimersByTime(60_000)

  expect(streams).toHaveLength(1)
})

test("a stream that could not be opened at first refetches all once it can", () => {
  const { invalidate, last } = setUp()

  last().fail(ScriptedEventSource.CLOSED)
  vi.advanceTimersByTime(5000)
  last().greet()

  expect(invalidate).toHaveBeenCalledOnce()
})

test("nothing is opened again for a page that was left", () => {
  const { streams, last } = setUp()
  last().fail(ScriptedEventSource.CLOSED)

  stop()
  vi.advanceTimersByTime(60_000)

  expect(streams).toHaveLength(1)
})

test("what is changed is asked for at once, and a burst of changes once in a second", () => {
  const { invalidate, last } = setUp()
  last().greet()

  last().change("result")
  last().change("service")
  vi.advanceTimersByTime(100)
  const first = invalidate.mock.calls.length
  for (let ms = 0; ms < 900; ms += 100) {
    last().change("result")
    vi.advanceTimersByTime(100)
  }

  expect(first).toBeGreaterThan(0)
  expect(invalidate).toHaveBeenCalledTimes(first)
  vi.advanceTimersByTime(100)
  expect(invalidate.mock.calls.length).toBeGreaterThan(first)
})

test("a stream that is refused makes the page ask who is signed in", () => {
  const { refetch, last } = setUp()
  last().greet()

  last().fail(ScriptedEventSource.CLOSED)

  expect(refetch).toHaveBeenCalledExactlyOnceWith({ queryKey: ["me"] })
})

test("the row of a service is fetched alone, and the list once in a minute", () => {
  const { invalidate, refreshRows, last } = setUp()
  last().greet()

  last().change("result", "s1")
  last().change("service", "s2")
  vi.advanceTimersByTime(100)

  expect(refreshRows).toHaveBeenCalledExactlyOnceWith(expect.anything(), "w1", ["s1", "s2"])
  expect(invalidate).toHaveBeenCalledWith({ queryKey: ["workspace", "w1"], exact: true })
  invalidate.mockClear()
  vi.advanceTimersByTime(60_000)
  last().change("result", "s1")
  vi.advanceTimersByTime(100)

  expect(refreshRows).toHaveBeenCalledOnce()
  expect(invalidate).toHaveBeenCalledWith({ queryKey: ["workspace", "w1"], exact: false })
})

test.each([
  ["many services", Array.from({ length: 21 }, (_, n) => ["result", `s${n}`])],
  ["the whole workspace", [["result"], ["workspace", "w1"]]],
])("a change of %s fetches the whole list", (_, changes) => {
  const { invalidate, refreshRows, last } = setUp()
  last().greet()

  for (const [kind = "", id] of changes) last().change(kind, id)
  vi.advanceTimersByTime(100)

  expect(refreshRows).not.toHaveBeenCalled()
  expect(invalidate).toHaveBeenCalledWith({ queryKey: ["workspace", "w1"], exact: false })
})

test("what goes down does not wait for the end of a burst of results", () => {
  const { refreshRows, last } = setUp()
  last().greet()
  last().change("result")
  vi.advanceTimersByTime(100)
  last().change("result")
  vi.advanceTimersByTime(100)

  last().change("service")
  vi.advanceTimersByTime(149)
  expect(refreshRows).toHaveBeenCalledTimes(1)

  vi.advanceTimersByTime(1)
  expect(refreshRows).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(2000)
  expect(refreshRows).toHaveBeenCalledTimes(2)
})
