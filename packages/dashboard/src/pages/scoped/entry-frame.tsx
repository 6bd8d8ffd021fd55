// The frame of one block or state: the way back, its name, what may be done about it, and the dialogs of editing and deleting.
import type { UseMutationResult } from "@tanstack/react-query"
import { useState } from "react"
import { Link } from "wouter"
import { scopedPath } from "../../lib/scoped-look.ts"
import { Icon } from "../../parts/icons.tsx"
import { Failure, Loading } from "../../parts/small.tsx"
import { DeleteDialog } from "./delete-dialog.tsx"

export interface EntryFrameProps<Entry> {
  scope: string
  kind: "blocks" | "states"
  name: string
  found: { data: Entry | undefined; error: Error | null; isPending: boolean }
  remove: UseMutationResult<unknown, Error, number>
  /** What its editor begins with. */
  textOf: (entry: Entry) => string
  editor: (entry: Entry, text: string, onClose: () => void) => React.ReactNode
  /** Before the buttons that every entry has. */
  buttons?: (entry: Entry) => React.ReactNode
  /** `edit` opens the editor with a text: with an earlier one, to bring it back. */
  children: (entry: Entry, edit: (text: string) => void) => React.ReactNode
}

export function EntryFrame<Entry extends { version: number }>(props: EntryFrameProps<Entry>): React.JSX.Element {
  const { scope, kind, name, found, remove, textOf, editor, buttons, children } = props
  const [asked, setAsked] = useState<{ edit: string } | "delete" | null>(null)
  const close = (): void => setAsked(null)
  const edit = (text: string): void => setAsked({ edit: text })
  const entry = found.data
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Link to={scopedPath(scope, kind)} className="button" aria-label={`All ${kind} of the scope`}>
          <Icon name="back" />
        </Link>
        <h2 className="min-w-0 font-mono text-sm font-medium break-all">{name}</h2>
        {entry ? (
          <span className="ml-auto flex flex-wrap gap-2">
            {buttons?.(entry)}
            <button type="button" className="button" onClick={() => edit(textOf(entry))}>
              Edit
            </button>
            <button type="button" className="button button-bad" onClick={() => setAsked("delete")}>
              Delete
            </button>
          </span>
        ) : null}
      </div>
      {found.error ? <Failure error={found.error} /> : null}
      {found.isPending ? <Loading /> : null}
      {entry ? children(entry, edit) : null}
      {entry && asked === "delete" ? (
        <DeleteDialog name={name} version={entry.version} work={remove} to={scopedPath(scope, kind)} onClose={close} />
      ) : null}
      {entry && asked !== null && typeof asked === "object" ? editor(entry, asked.edit, close) : null}
    </>
  )
}
