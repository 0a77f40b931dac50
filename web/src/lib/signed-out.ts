import { goToLogin } from "@/lib/session"

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

/** Say that the session has ended; where nothing is on the screen yet, leave for the log-in page. */
export function tellSignedOut(): void {
  if (answer) answer()
  else goToLogin()
}
