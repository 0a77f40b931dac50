/** The body of the shape, and the mark that is cut into it. */
export const DOWN = [
  "M5.2 1h5.6c.4 0 .8.2 1 .4l2.8 2.8c.3.2.4.6.4 1v5.6c0 .4-.1.8-.4 1l-2.8 2.8c-.2.3-.6.4-1 .4H5.2c-.4 0-.8-.1-1-.4l-2.8-2.8c-.2-.2-.4-.6-.4-1V5.2c0-.4.2-.8.4-1l2.8-2.8c.2-.2.6-.4 1-.4z",
  "M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
] as const

/** The one shape that the log-in page has room for: beside the words of an error. */
export function DownGlyph() {
  const [body, mark] = DOWN
  return (
    <svg className="g down" viewBox="0 0 16 16" aria-hidden="true">
      <path className="b" d={body} />
      <path className="k" d={mark} />
    </svg>
  )
}
