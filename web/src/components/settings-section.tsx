import { type ComponentProps, type ReactNode, useId } from "react"
import { Switch } from "@/components/ui/switch"
import styles from "./settings-section.module.css"

type SettingsSectionProps = {
  /** For links to it. */
  id?: string
  title?: string
  lead?: ReactNode
  children: ReactNode
}

/** One card of a page of settings. */
export function SettingsSection({ id, title, lead, children }: SettingsSectionProps) {
  const titleId = useId()
  return (
    <section id={id} className={styles.section} aria-labelledby={title && titleId}>
      {title && (
        <header>
          <h2 id={titleId}>{title}</h2>
          {lead && <p>{lead}</p>}
        </header>
      )}
      {children}
    </section>
  )
}

type SettingsLineProps = {
  icon?: ReactNode
  title: ReactNode
  text?: ReactNode
  children?: ReactNode
}

/** A thing, what there is to say about it, and what can be done with it. */
export function SettingsLine({ icon, title, text, children }: SettingsLineProps) {
  return (
    <div className={styles.line}>
      {icon}
      <div>
        <b className="med">{title}</b>
        {text && <p className="sm t3">{text}</p>}
      </div>
      {children}
    </div>
  )
}

type SettingsSwitchProps = ComponentProps<typeof Switch> & { title: string; text: string }

/** Something that is on or off, with what it means. */
export function SettingsSwitch({ title, text, ...rest }: SettingsSwitchProps) {
  const id = useId()
  return (
    <label className={styles.choice} htmlFor={id}>
      <span>
        <b className="med">{title}</b>
        <span className="sm t3">{text}</span>
      </span>
      <Switch {...rest} id={id} />
    </label>
  )
}
