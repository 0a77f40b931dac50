import { Ellipsis, Lock, Search } from "lucide-react"
import { useState } from "react"
import { SettingsLine, SettingsSwitch } from "@/components/settings-section"
import { Affix } from "@/components/ui/affix"
import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { Check, Radio } from "@/components/ui/check"
import { Chip } from "@/components/ui/chip"
import { CopyField } from "@/components/ui/copy-field"
import { Field } from "@/components/ui/field"
import { FormFailure } from "@/components/ui/form-failure"
import { Input, TextArea } from "@/components/ui/input"
import { Popover } from "@/components/ui/popover"
import { Segmented } from "@/components/ui/segmented"
import { Select } from "@/components/ui/select"
import { type GlyphState, StatusGlyph } from "@/components/ui/status-glyph"
import { Switch } from "@/components/ui/switch"
import { Box, Line, Part } from "./box"
import styles from "./gallery.module.css"

/** What people press and type into, and the words for states. */
export function ControlParts() {
  return (
    <>
      <Buttons />
      <Fields />
      <Choices />
      <StateWords />
    </>
  )
}

function Buttons() {
  return (
    <Part title="Buttons">
      <Box says="Primary: rest, hover, focus, pressed, busy, disabled">
        <Line>
          <Button variant="primary">Save</Button>
          <Button variant="primary" className={styles.primaryHover}>
            Save
          </Button>
          <Button variant="primary" className={styles.focus}>
            Save
          </Button>
          <Button variant="primary" className={styles.primaryPress}>
            Save
          </Button>
          <Button variant="primary" busy>
            Save
          </Button>
          <Button variant="primary" disabled>
            Save
          </Button>
        </Line>
      </Box>
      <Box says="Secondary: rest, hover, focus, busy, disabled">
        <Line>
          <Button>Invite</Button>
          <Button className={styles.hover}>Invite</Button>
          <Button className={styles.focus}>Invite</Button>
          <Button busy>Invite</Button>
          <Button disabled>Invite</Button>
        </Line>
      </Box>
      <Box says="Quiet, danger, danger confirmed, icon, sizes">
        <Line>
          <Button variant="ghost">Cancel</Button>
          <Button variant="danger">Delete…</Button>
          <Button variant="destroy">Delete service</Button>
          <Button icon aria-label="More">
            <Ellipsis className="ic" aria-hidden="true" />
          </Button>
          <Button icon busy aria-label="More, busy">
            <Ellipsis className="ic" aria-hidden="true" />
          </Button>
          <Button size="sm">Small</Button>
          <Button size="sm" busy>
            <Search className="ic" aria-hidden="true" />
            Check now
          </Button>
          <Button size="sm" busy>
            Resume
          </Button>
          <Button size="lg">Large</Button>
          <Button size="lg" busy>
            Large
          </Button>
        </Line>
      </Box>
    </Part>
  )
}

function Fields() {
  return (
    <Part title="Fields">
      <Box>
        <Field label="Rest">
          {(control) => <Input {...control} placeholder="https://api.example.com/health…" />}
        </Field>
        <Field label="Focus">
          {(control) => (
            <Input {...control} className={styles.inputFocus} defaultValue="every 15 minutes" />
          )}
        </Field>
        <Field label="With a hint" note="optional" hint="People read it on the status page.">
          {(control) => <TextArea {...control} defaultValue="We keep shops open." />}
        </Field>
      </Box>
      <Box>
        <Field label="Invalid" error="Paths start at the root. Try $.queue.depth">
          {(control) => <Input {...control} mono defaultValue="queue.depth" />}
        </Field>
        <Field label="Disabled">
          {(control) => <Input {...control} defaultValue="Only admins edit this" disabled />}
        </Field>
        <Field label="In a frame">
          {(control) => (
            <Affix start={<Search className="ic" aria-hidden="true" />} end="ms">
              <Input {...control} className="in" defaultValue="800" />
            </Affix>
          )}
        </Field>
        <FormFailure>Email and password don't match. Try again, or set a new one.</FormFailure>
      </Box>
      <Box>
        <Field label="Select">
          {(control) => (
            <Select
              {...control}
              options={[
                { value: "observer", label: "Observer" },
                { value: "admin", label: "Admin" },
              ]}
            />
          )}
        </Field>
        <Select
          quiet
          aria-label="Inside a row"
          options={[{ value: "observer", label: "Observer, inside a row" }]}
        />
        <CopyField label="To take away" value="https://allgreen.example/invite/Bo5W" />
      </Box>
    </Part>
  )
}

function Choices() {
  const [range, setRange] = useState<"7d" | "30d" | "90d">("7d")
  return (
    <Part title="Choices">
      <Box>
        <Segmented
          className={styles.start}
          label="Range"
          value={range}
          onChange={setRange}
          options={[
            { value: "7d", label: "7 d" },
            { value: "30d", label: "30 d" },
            { value: "90d", label: "90 d" },
          ]}
        />
        <Check defaultChecked>Told when it breaks</Check>
        <Check>Not told</Check>
        <Radio name="gallery" defaultChecked>
          Everybody
        </Radio>
        <Radio name="gallery">Only admins</Radio>
      </Box>
      <Box>
        <Line>
          <Switch aria-label="Certificate check" defaultChecked /> Certificate check
        </Line>
        <Line>
          <Switch aria-label="Off" /> Off
        </Line>
        <SettingsSwitch title="Admins may invite" text="Owners always may." defaultChecked />
        <SettingsLine
          icon={<Lock className="ic l" aria-hidden="true" />}
          title="Password"
          text="Changed on 2 March"
        >
          <Button size="sm">Change…</Button>
        </SettingsLine>
      </Box>
      <Box says="A button that opens a panel; people and workspaces">
        <Line>
          <Popover trigger="Open the menu" triggerClassName="btn" label="Menu">
            <p>What is in it</p>
          </Popover>
          <Avatar name="Sofia Lindqvist" strong />
          <Avatar name="Jonas Berg" />
          <Avatar name="Nordlys Commerce" square strong />
          <Avatar name="Amara Okafor" sizePx={40} />
        </Line>
      </Box>
    </Part>
  )
}

const WORDS: readonly [GlyphState, string][] = [
  ["up", "Up"],
  ["degraded", "Slow"],
  ["partial", "Partly down"],
  ["down", "Down"],
  ["maint", "Maintenance"],
  ["paused", "Paused"],
  ["nodata", "No data yet"],
]

function StateWords() {
  return (
    <Part title="Status words" wide>
      <div className={styles.whole}>
        <Box>
          <Line>
            {WORDS.map(([state, word]) => (
              <span key={state} className="row">
                <StatusGlyph state={state} />
                {word}
              </span>
            ))}
          </Line>
          <Line>
            <Chip tone="up">holds</Chip>
            <Chip tone="degraded">slow</Chip>
            <Chip tone="partial">partly down</Chip>
            <Chip tone="down">down 42 min</Chip>
            <Chip tone="maint">planned</Chip>
            <Chip>Observer</Chip>
            <Chip tone="line">production</Chip>
          </Line>
        </Box>
      </div>
    </Part>
  )
}
