import { expect, test } from "vitest"
import { makeStatusPage } from "@/testing/factories"
import { findMistakes, pickChanged, valuesOf } from "./page-values"

const PAGE = makeStatusPage({ slug: "nordlys", service_ids: ["s1"] })

test("what nobody touched is not sent", () => {
  expect(pickChanged(valuesOf(PAGE), PAGE, true)).toEqual({})
})

test("a proposed address is sent with the first save", () => {
  const page = makeStatusPage({ slug: null, suggested_slug: "nordlys" })

  expect(pickChanged(valuesOf(page), page, true)).toEqual({ slug: "nordlys" })
})

test("all services is told apart from none", () => {
  const values = valuesOf(PAGE)

  expect(pickChanged({ ...values, service_ids: null }, PAGE, true)).toEqual({ service_ids: null })
  expect(findMistakes({ ...values, service_ids: [] })).toEqual({
    service_ids: "Tick a service, or show them all.",
  })
})

test("an admin sends nothing that is for owners", () => {
  const values = { ...valuesOf(PAGE), slug: "other", service_ids: null, title: "Status" }

  expect(pickChanged(values, PAGE, false)).toEqual({ title: "Status" })
})
