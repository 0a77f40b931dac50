/** The zone of whoever sits here: what one did oneself is told in one's own time. */
export const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone
