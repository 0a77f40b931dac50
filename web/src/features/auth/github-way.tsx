import { GitHubMark } from "@/components/github-mark"
import { buttonClass } from "@/components/ui/button"
import styles from "./auth.module.css"

/** In by GitHub: a page load, which comes back to `next`. */
export function GitHubWay({ next }: { next: string }) {
  return (
    <>
      <a
        className={buttonClass({ size: "lg", wide: true })}
        href={`/auth/github/start?next=${encodeURIComponent(next)}`}
      >
        <GitHubMark className="ic l" />
        Continue with GitHub
      </a>
      <p className={styles.or}>or with email</p>
    </>
  )
}
