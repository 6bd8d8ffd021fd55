// A dialog over the page: the browser's own, which keeps the focus inside and closes by Escape.
import { useEffect, useId, useRef } from "react"

export interface DialogProps {
  title: string
  onClose: () => void
  /** Not closed by Escape: what it shows cannot be had again. */
  holds?: boolean
  children: React.ReactNode
}

export function Dialog({ title, onClose, holds = false, children }: DialogProps): React.JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onClose={onClose}
      onCancel={(event) => {
        if (holds) event.preventDefault()
      }}
      className="panel m-auto max-h-[90dvh] w-full max-w-xl overflow-y-auto p-0 text-ink backdrop:bg-[rgb(0_0_0/0.4)]"
    >
      <div className="flex flex-col gap-4 px-5 py-4">
        <h2 id={heading} className="text-base font-semibold">
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  )
}

export interface DialogButtonsProps {
  word: string
  isBad?: boolean
  busy: boolean
  onSend: () => void
  onClose: () => void
}

export function DialogButtons({ word, isBad = false, busy, onSend, onClose }: DialogButtonsProps): React.JSX.Element {
  return (
    <div className="flex justify-end gap-2">
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="button" className={`button ${isBad ? "button-bad" : "button-main"}`} disabled={busy} onClick={onSend}>
        {word}
      </button>
    </div>
  )
}
