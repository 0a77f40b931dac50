import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import { editAccount, type Theme } from "@/api"
import { showToast } from "@/components/ui/toast"
import { describeError } from "@/lib/api-error"
import { keepThemes, showTheme } from "@/lib/theme"
import { accountQuery, meQuery } from "./queries"

type Choice = { chosen: Theme; before: Theme }

/** The theme of the account: it is shown here too, and what is chosen here is kept there. */
export function ThemeKeeper() {
  const queryClient = useQueryClient()
  const { data: theme } = useQuery({ ...meQuery(), select: (me) => me.theme })
  const write = (next: Theme) => {
    queryClient.setQueryData(meQuery().queryKey, (me) => me && { ...me, theme: next })
    showTheme(next)
  }
  const { mutate } = useMutation({
    mutationFn: ({ chosen }: Choice) => editAccount({ body: { theme: chosen } }),
    onMutate: async ({ chosen }) => {
      // An answer that is on its way would bring the theme before back.
      await queryClient.cancelQueries({ queryKey: meQuery().queryKey })
      write(chosen)
    },
    onSuccess: (account) => queryClient.setQueryData(accountQuery().queryKey, account),
    onError: (error, { before }) => {
      write(before)
      showToast(describeError(error), { tone: "error" })
    },
  })
  useEffect(() => {
    if (theme) showTheme(theme)
  }, [theme])
  useEffect(() => keepThemes((chosen, before) => mutate({ chosen, before })), [mutate])
  return null
}
