import { SunMoon } from "lucide-react"
import { Button } from "@/components/ui/button"
import { isDark, useTheme } from "@/lib/theme"

/** One press to the other of light and dark. */
export function ThemeToggle() {
  const [, setTheme] = useTheme()
  return (
    <Button
      variant="ghost"
      size="sm"
      icon
      aria-label="Switch light and dark"
      onClick={() => setTheme(isDark() ? "light" : "dark")}
    >
      <SunMoon className="ic" aria-hidden="true" />
    </Button>
  )
}
