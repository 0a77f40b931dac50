// Pages that belong to no workspace still show one in the navigation: the one looked at last.
const STORAGE_KEY = "allgreen-workspace"

export function rememberWorkspace(workspaceId: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, workspaceId)
  } catch {
    // Storage may be forbidden; the first workspace stands in then.
  }
}

/** The workspace that was looked at last on this device, else the first there is. */
export function findLastWorkspace<Workspace extends { id: string }>(
  workspaces: readonly Workspace[],
): Workspace | undefined {
  return workspaces.find(({ id }) => id === recall()) ?? workspaces[0]
}

function recall(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}
