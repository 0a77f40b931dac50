let answer: (() => void) | null = null

/**
 * Let the screen answer when the session has ended; the shell does so once.
 *
 * @returns A function that takes it back.
 */
export function answerSignOuts(next: () => void): () => void {
  answer = next
  return () => {
    if (answer === next) answer = null
  }
}

/** Say that the session has ended. A page that is not there yet leaves for the log-in by its route. */
export function tellSignedOut(): void {
  answer?.()
}
