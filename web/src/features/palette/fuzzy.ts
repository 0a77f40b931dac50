/** Where in a text the typed words were found, and how well they fit; a higher score fits better. */
export interface Match {
  score: number
  ranges: readonly Range[]
}

/** From the first letter to the one after the last. */
export type Range = readonly [from: number, to: number]

const WHOLE = 100
const WORD_START = 80
const INSIDE = 60
const SCATTERED = 40

/**
 * Find what somebody typed in a text: every word of it, in any order, with letters left out at will.
 *
 * @returns `null` when a word is not there; without words everything matches, and nothing is marked.
 */
export function findMatch(text: string, typed: string): Match | null {
  const letters = fold(text)
  const words = fold(typed).join("").split(/\s+/).filter(Boolean)
  let score = 0
  const ranges: Range[] = []
  for (const word of words) {
    const found = findWord(letters, word)
    if (!found) return null
    score += found.score / words.length
    ranges.push(...found.ranges)
  }
  return { score, ranges: merge(ranges) }
}

/** Cut a text where its marks begin and end. */
export function cut(text: string, ranges: readonly Range[]): { text: string; isMarked: boolean }[] {
  const letters = [...text]
  const pieces: { text: string; isMarked: boolean }[] = []
  let at = 0
  for (const [from, to] of ranges) {
    pieces.push({ text: letters.slice(at, from).join(""), isMarked: false })
    pieces.push({ text: letters.slice(from, to).join(""), isMarked: true })
    at = to
  }
  pieces.push({ text: letters.slice(at).join(""), isMarked: false })
  return pieces.filter((piece) => piece.text !== "")
}

/** One letter for each of the text, without case and accents, so that places stay what they are. */
function fold(text: string): string[] {
  return Array.from(text, (letter) => letter.normalize("NFD").charAt(0).toLowerCase())
}

function findWord(letters: readonly string[], word: string): Match | null {
  const text = letters.join("")
  const starts: number[] = []
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) starts.push(at)
  const begin = starts.find((at) => isWordStart(letters, at))
  const at = begin ?? starts[0]
  if (at === undefined) return findScattered(letters, word)
  const isWhole = at === 0 && word.length === letters.length
  const score = isWhole ? WHOLE : begin === undefined ? INSIDE : WORD_START
  // What begins the text stands before what begins a later word of it.
  return { score: score - Math.min(at, 9), ranges: [[at, at + word.length]] }
}

/** Letters in their order with others between them; the first one begins a word. */
function findScattered(letters: readonly string[], word: string): Match | null {
  for (let begin = 0; begin < letters.length; begin++) {
    if (letters[begin] !== word[0] || !isWordStart(letters, begin)) continue
    const places = follow(letters, word, begin)
    if (!places) continue
    const gaps = (places.at(-1) ?? begin) - begin + 1 - word.length
    return {
      score: Math.max(1, SCATTERED - gaps),
      ranges: places.map((place) => [place, place + 1] as const),
    }
  }
  return null
}

function follow(letters: readonly string[], word: string, begin: number): number[] | null {
  const places: number[] = []
  let at = begin
  for (const wanted of word) {
    // The beginning of a next word is what people mean by its letter.
    const next = letters.findIndex(
      (letter, place) => place >= at && letter === wanted && isWordStart(letters, place),
    )
    const near = letters.indexOf(wanted, at)
    const place = near === at || next < 0 ? near : next
    if (place < 0) return null
    places.push(place)
    at = place + 1
  }
  return places
}

function isWordStart(letters: readonly string[], at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(letters[at - 1] ?? "")
}

function merge(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = []
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}
