import { useMutation } from "@tanstack/react-query"
import { logOut } from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"

const forgetOfflinePage = async () => (await import("@/lib/offline-page")).forgetOfflinePage()

/** End the session; the page load that follows drops everything that was shown. */
export function useLogOut() {
  const mutation = useMutation({
    mutationFn: () => logOut(),
    onSuccess: async () => {
      await forgetOfflinePage().catch(() => {})
      window.location.assign("/login")
    },
    onError: (error) => showToast(describeError(error), { tone: "error" }),
  })
  return { logOut: () => mutation.mutate(), busy: mutation.isPending }
}
