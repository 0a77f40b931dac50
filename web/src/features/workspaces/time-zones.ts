/** Every zone that this browser knows, and the one that is set even if it does not. */
export function listZones(current: string): { value: string; label: string }[] {
  const known = Intl.supportedValuesOf("timeZone")
  // Browsers leave UTC out of their list.
  const zones = [...new Set(["UTC", current, ...known])].sort(byName)
  return zones.map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") }))
}

function byName(a: string, b: string): number {
  if (a === "UTC") return -1
  return b === "UTC" ? 1 : a.localeCompare(b)
}
