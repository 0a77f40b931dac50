import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query"
import {
  dropEmail,
  endOtherSessions,
  endSession,
  exportAccount,
  type OpenSession,
  type ProfileInput,
  removePhoto,
  savePhoto,
  saveProfile,
} from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"
import { queryKeys } from "@/lib/query-keys"
import { profileQuery } from "./queries"

/** A function that fetches anew all that an account shows of itself. */
export function useRefreshAccount() {
  const queryClient = useQueryClient()
  return () =>
    Promise.all(
      [queryKeys.account, queryKeys.me].map((queryKey: QueryKey) =>
        queryClient.invalidateQueries({ queryKey }),
      ),
    )
}

/** Save the profile; a refusal is thrown, for the form places it beside the fields. */
export function useSaveProfile() {
  const queryClient = useQueryClient()
  return async (body: ProfileInput) => {
    const profile = await saveProfile({ body })
    queryClient.setQueryData(profileQuery().queryKey, profile)
    void queryClient.invalidateQueries({ queryKey: queryKeys.me })
    showToast("Your profile is saved")
    return profile
  }
}

/** Send a photo; a refusal is thrown. */
export function useSavePhoto() {
  const refresh = useRefreshAccount()
  return async (file: File) => {
    await savePhoto({ body: file, headers: { "Content-Type": file.type } })
    await refresh()
    showToast("Your photo is saved")
  }
}

/** Take the photo away; a refusal is thrown. */
export function useRemovePhoto() {
  const refresh = useRefreshAccount()
  return async () => {
    await removePhoto()
    await refresh()
    showToast("Your photo is removed")
  }
}

/** Forget the address that was asked for. */
export function useDropEmail() {
  const refresh = useRefreshAccount()
  return useMutation({
    mutationFn: () => dropEmail(),
    onSuccess: refresh,
    onError: tell,
  })
}

/** Sign out somewhere else. */
export function useEndSession() {
  const refresh = useRefreshAccount()
  return useMutation({
    mutationFn: ({ id }: OpenSession) => endSession({ path: { session_id: id } }),
    onSuccess: async (_, { device }) => {
      await refresh()
      showToast(`${device} is signed out`)
    },
    onError: tell,
  })
}

/** Sign out everywhere else; a refusal is thrown. */
export function useEndOtherSessions() {
  const refresh = useRefreshAccount()
  return async () => {
    await endOtherSessions()
    await refresh()
    showToast("All others are signed out")
  }
}

/** Hand out all that is stored of the account, as a file. */
export function useExportAccount() {
  return useMutation({
    mutationFn: () => exportAccount(),
    onSuccess: (data) =>
      saveFile("allgreen-account.json", JSON.stringify(data, null, 2), "application/json"),
    onError: tell,
  })
}

/** Let the browser save a text as a file. */
export function saveFile(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

function tell(error: unknown): void {
  showToast(describeError(error), { tone: "error" })
}
