import { useWatch } from "react-hook-form"
import { type CheckView, type FormValues, hasForm } from "./form-values"

/** What a service asks that has no form: it is shown, and changed through the API. */
export function OtherChecks() {
  const others = useWatch<FormValues, "others">({ name: "others" })
  return (
    <div className="field">
      <span className="lab">Request</span>
      {others.map((check) => (
        <p key={check.id} className="mono">
          {describeCheck(check)}
        </p>
      ))}
      <p className="hint">
        {others.some((check) => check.kind === "http" && !hasForm(check))
          ? "What counts as correct here is a tree of rules. It can be changed through the API."
          : "This kind of check can be changed through the API."}
      </p>
    </div>
  )
}

function describeCheck(check: CheckView): string {
  switch (check.kind) {
    case "http":
      return `${check.method} ${check.url}`
    case "dns":
      return `DNS ${check.record_type} ${check.name}`
    default:
      return `${check.kind.toUpperCase()} ${check.host}:${check.port}`
  }
}
