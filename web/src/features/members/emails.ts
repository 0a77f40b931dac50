/** The addresses in a text, added to those there are; each once, however it is written. */
export function addEmails(emails: readonly string[], text: string): readonly string[] {
  const next = [...emails]
  for (const email of text.split(/[\s,;]+/).filter(Boolean)) {
    if (!next.some((one) => one.toLowerCase() === email.toLowerCase())) next.push(email)
  }
  return next
}

/** Only the mistakes that are certain; whether an address exists, its mailbox tells. */
export function findMistake(email: string): boolean {
  return !/^[^\s@]+@[^\s@]+$/.test(email)
}
