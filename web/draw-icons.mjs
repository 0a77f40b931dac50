// Draws the icons of the installed app from the mark: `node draw-icons.mjs`. What it writes is committed,
// so it runs only when the mark changes.
import { mkdirSync, writeFileSync } from "node:fs"
import { crc32, deflateSync } from "node:zlib"

const OUT = new URL("public/icons/", import.meta.url)
const GROUND = [0xf0, 0xee, 0xe9]
const INK = [0x14, 0x1b, 0x18]
const LIVE = [0x37, 0xaf, 0x82]
// The five pipes of the mark, in its box of 26 by 20.
const PIPES = [
  { x: 0, y: 11, ink: INK },
  { x: 5.6, y: 5, ink: INK },
  { x: 11.2, y: 0, ink: INK },
  { x: 16.8, y: 3, ink: INK },
  { x: 22.4, y: 8, ink: LIVE },
]
const PIPE = 3.6
const BOX = { width: 26, height: 20 }
const FINENESS = 4

/** How much of a square of `side` the mark takes; a mask may cut a tenth off every side. */
const ICONS = [
  { name: "mark-192.png", side: 192, share: 0.62, radius: 0.22 },
  { name: "mark-512.png", side: 512, share: 0.62, radius: 0.22 },
  { name: "maskable-192.png", side: 192, share: 0.5, radius: 0 },
  { name: "maskable-512.png", side: 512, share: 0.5, radius: 0 },
  { name: "touch-180.png", side: 180, share: 0.6, radius: 0 },
]

mkdirSync(OUT, { recursive: true })
for (const icon of ICONS) writeFileSync(new URL(icon.name, OUT), png(icon.side, draw(icon)))
writeFileSync(new URL("mark.svg", OUT), svg(512, 0.62, 0.22))

function draw({ side, share, radius }) {
  const pixels = Buffer.alloc(side * side * 4)
  const unit = (side * share) / BOX.width
  const left = (side - BOX.width * unit) / 2
  const top = (side - BOX.height * unit) / 2
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      pixels.set(
        average(x, y, (px, py) => colourAt(px, py)),
        (y * side + x) * 4,
      )
    }
  }
  return pixels

  function colourAt(px, py) {
    if (!inRound(px, py, 0, 0, side, side, side * radius)) return null
    const mx = (px - left) / unit
    const my = (py - top) / unit
    const pipe = PIPES.find(({ x, y }) => inRound(mx, my, x, y, PIPE, BOX.height - y, PIPE / 2))
    return pipe ? pipe.ink : GROUND
  }
}

/** One pixel out of many points in it: its colour, and how much of it is covered. */
function average(x, y, colourAt) {
  const sum = [0, 0, 0]
  let covered = 0
  for (let row = 0; row < FINENESS; row++) {
    for (let column = 0; column < FINENESS; column++) {
      const colour = colourAt(x + (column + 0.5) / FINENESS, y + (row + 0.5) / FINENESS)
      if (!colour) continue
      covered++
      for (const channel of [0, 1, 2]) sum[channel] += colour[channel]
    }
  }
  if (covered === 0) return [0, 0, 0, 0]
  return [
    ...sum.map((value) => Math.round(value / covered)),
    Math.round((255 * covered) / FINENESS ** 2),
  ]
}

function inRound(px, py, x, y, width, height, radius) {
  if (px < x || py < y || px > x + width || py > y + height) return false
  const dx = Math.max(x + radius - px, px - (x + width - radius), 0)
  const dy = Math.max(y + radius - py, py - (y + height - radius), 0)
  return dx * dx + dy * dy <= radius * radius || dx === 0 || dy === 0
}

function png(side, pixels) {
  const rows = Buffer.alloc(side * (side * 4 + 1))
  for (let y = 0; y < side; y++) {
    pixels.copy(rows, y * (side * 4 + 1) + 1, y * side * 4, (y + 1) * side * 4)
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head.set([8, 6, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ])
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

function svg(side, share, radius) {
  const unit = (side * share) / BOX.width
  const left = (side - BOX.width * unit) / 2
  const top = (side - BOX.height * unit) / 2
  const pipes = PIPES.map(
    ({ x, y, ink }) =>
      `<rect x="${x}" y="${y}" width="${PIPE}" height="${BOX.height - y}" rx="${PIPE / 2}" fill="${hex(ink)}"/>`,
  )
  const move = `translate(${round(left)} ${round(top)}) scale(${round(unit)})`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}"><rect width="${side}" height="${side}" rx="${round(side * radius)}" fill="${hex(GROUND)}"/><g transform="${move}">${pipes.join("")}</g></svg>\n`
}

function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`
}

function round(value) {
  return Math.round(value * 1000) / 1000
}
