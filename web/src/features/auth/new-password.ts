const PASSWORD_MIN = 12
const PASSWORD_MAX = 128

export function mustBeNewPassword(value: string): string | null {
  const length = Array.from(value).length
  if (length < PASSWORD_MIN) return `Use ${PASSWORD_MIN} characters or more; this has ${length}.`
  return length > PASSWORD_MAX ? `Use at most ${PASSWORD_MAX} characters.` : null
}
