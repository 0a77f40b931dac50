import { screen } from "@testing-library/react"
import { expect, test } from "vitest"
import { Field } from "@/components/ui/field"
import { Input } from "@/components/ui/input"
import { renderPlain } from "@/testing/render"

test("a hint describes the control", () => {
  renderPlain(
    <Field label="Status" hint="One code, a list, or 2xx">
      {(control) => <Input {...control} />}
    </Field>,
  )

  const input = screen.getByRole("textbox", { name: "Status" })
  expect(input).toHaveAccessibleDescription("One code, a list, or 2xx")
  expect(input).toBeValid()
})

test("an error takes the place of the hint and marks the control", () => {
  renderPlain(
    <Field label="Status" hint="One code" error="Write one code.">
      {(control) => <Input {...control} />}
    </Field>,
  )

  const input = screen.getByRole("textbox", { name: "Status" })
  expect(input).toHaveAccessibleDescription("Write one code.")
  expect(input).toBeInvalid()
  expect(screen.queryByText("One code")).not.toBeInTheDocument()
})

test("a note belongs to the name of the control", () => {
  renderPlain(
    <Field label="Body" note="optional">
      {(control) => <Input {...control} />}
    </Field>,
  )

  expect(screen.getByRole("textbox", { name: "Body optional" })).toBeInTheDocument()
})
