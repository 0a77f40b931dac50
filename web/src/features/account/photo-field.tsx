import { Upload } from "lucide-react"
import { type ChangeEvent, useState } from "react"
import type { OwnProfile } from "@/api"
import { Avatar } from "@/components/ui/avatar"
import { Button, buttonClass } from "@/components/ui/button"
import { FieldError } from "@/components/ui/field"
import { cx } from "@/lib/class-names"
import styles from "./account.module.css"
import { FormDialog } from "./form-dialog"
import { useRemovePhoto, useSavePhoto } from "./mutations"

const MOST_BYTES = 2 * 1024 ** 2
const KINDS = ["image/png", "image/jpeg", "image/webp"]

type Chosen = { file: File; preview: string }

/** The photo: what there is, another one with a look at it first, and none. */
export function PhotoField({ profile }: { profile: OwnProfile }) {
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [isShown, setShown] = useState(false)
  const [isRemoving, setRemoving] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const save = useSavePhoto()
  const remove = useRemovePhoto()

  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.target
    const file = input.files?.[0]
    if (!file) return
    const mistake = findMistake(file)
    setError(mistake)
    if (mistake) return
    setChosen({ file, preview: await readPreview(file) })
    setShown(true)
    // The same file, chosen once more, is a choice too.
    input.value = ""
  }

  return (
    <div className={styles.photo}>
      <Avatar
        name={`${profile.name} ${profile.surname}`}
        photo={profile.photo}
        strong
        className="xl"
      />
      <div>
        <span className={styles.buttons}>
          <label className={cx(buttonClass(), styles.file)}>
            <Upload className="ic" aria-hidden="true" />
            Upload a photo
            <input
              type="file"
              accept={KINDS.join(",")}
              className="vh"
              aria-describedby="photo-hint"
              onChange={(event) => void choose(event)}
            />
          </label>
          {profile.photo && (
            <Button variant="ghost" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          )}
        </span>
        <div id="photo-hint" role="status">
          {error ? <FieldError>{error}</FieldError> : <p className="hint">{HINT}</p>}
        </div>
      </div>
      <FormDialog
        open={isShown}
        title="Use this photo?"
        submitLabel="Use it"
        onClose={() => setShown(false)}
        send={async () => {
          if (chosen) await save(chosen.file)
        }}
      >
        {chosen && <img className={styles.preview} src={chosen.preview} alt="How it will look" />}
      </FormDialog>
      <FormDialog
        open={isRemoving}
        title="Remove your photo?"
        submitLabel="Remove"
        isEnd
        onClose={() => setRemoving(false)}
        send={remove}
      >
        <p>Your initials stand in for it.</p>
      </FormDialog>
    </div>
  )
}

const HINT = "PNG, JPEG or WebP, up to 2 MB. We crop it to a circle."

function findMistake({ type, size }: File): string | null {
  if (!KINDS.includes(type)) return "This is no PNG, JPEG or WebP. Choose another file."
  return size > MOST_BYTES ? "This is larger than 2 MB. Choose a smaller one." : null
}

// As a data address: the content policy lets no page show a blob.
function readPreview(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener("load", () => resolve(String(reader.result)))
    reader.addEventListener("error", () => reject(reader.error))
    reader.readAsDataURL(file)
  })
}
