/** What the tab of the browser says: what is wrong first, then which page it is. */

let lead = ""
let words = ""

/** Say which page it is: `Members · Nordlys`. */
export function setTabWords(next: string): void {
  words = next
  write()
}

/** Say what stands before it: `1 down · `, or nothing. */
export function setTabLead(next: string): void {
  lead = next
  write()
}

function write(): void {
  document.title = `${lead}${words && `${words} · `}Allgreen`
}
