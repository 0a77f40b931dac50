import { createFileRoute, Outlet, redirect } from "@tanstack/react-router"
import { ProofGate } from "@/features/account/proof-gate"
import { meQuery } from "@/features/account/queries"
import { SignedOutGate } from "@/features/account/signed-out-gate"
import { ThemeKeeper } from "@/features/account/theme-keeper"
import { isSignedOut } from "@/lib/api-error"
import { loginHref } from "@/lib/session"
import { Commands } from "./_signed-in/-commands"

export const Route = createFileRoute("/_signed-in")({
  beforeLoad: async ({ context }) => {
    try {
      return { me: await context.queryClient.ensureQueryData(meQuery()) }
    } catch (error) {
      if (!isSignedOut(error)) throw error
      throw redirect({ href: loginHref(window.location), reloadDocument: true })
    }
  },
  component: SignedIn,
})

function SignedIn() {
  return (
    <>
      <Outlet />
      <ProofGate />
      <SignedOutGate />
      <ThemeKeeper />
      <Commands />
    </>
  )
}
