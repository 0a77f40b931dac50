/** The pages of people who are not signed in yet. */
export function AuthPage() {
  return null
}
