import { type ComponentProps, createElement } from "react"

type Drawing = { node: readonly (readonly [tag: string, attributes: Record<string, string>])[] }

/**
 * Make the component of an icon of lucide: 24 units wide, drawn in the colour of the text.
 *
 * `lighter-parts.ts` puts it in the place of the library's own. Sizes are set by the kit.
 */
export function createIcon({ node }: Drawing) {
  return function Icon(props: ComponentProps<"svg">) {
    return createElement(
      "svg",
      { ...FRAME, ...props },
      node.map(([tag, attributes]) => createElement(tag, attributes)),
    )
  }
}

const FRAME = {
  width: 24,
  height: 24,
  viewBox: "0 0 24 24",
  fill: "none",
  stroke: "currentColor",
  strokeWidth: 2,
  strokeLinecap: "round",
  strokeLinejoin: "round",
  "aria-hidden": true,
} as const
