import type { Instance } from "@/api/types.gen"
import { GitHubWay } from "./github-way"
import { Note } from "./note"
import { RegisterForm, type Ticket } from "./register-form"

type RegistrationProps = {
  instance: Instance | null
  ticket?: Ticket
  next: string
  onDone: () => void
  onMailed: (email: string) => void
}

/** The ways to an account, where this installation takes new people. */
export function Registration({ instance, ticket, next, onDone, onMailed }: RegistrationProps) {
  if (!isOpenTo(instance, ticket)) return <Closed isForInvited={Boolean(ticket)} />
  return (
    <>
      {instance?.github && <GitHubWay next={next} />}
      <RegisterForm ticket={ticket} onDone={onDone} onMailed={onMailed} />
    </>
  )
}

function isOpenTo(instance: Instance | null, ticket: Ticket | undefined): boolean {
  if (!instance || instance.registration === "open") return true
  return instance.registration === "invited" && ticket !== undefined
}

function Closed({ isForInvited }: { isForInvited: boolean }) {
  return (
    <Note>
      {isForInvited
        ? "This Allgreen takes no new people. Sign in with the account you have here."
        : "This Allgreen takes new people by invitation only. Ask someone who uses it to invite you."}
    </Note>
  )
}
