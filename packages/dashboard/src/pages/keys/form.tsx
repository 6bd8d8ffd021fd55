// The form of a key, new or changed: name, what it may use, limits, when it ends, and whom it is counted for.
import { useId, useState } from "react"
import { complaintAbout, lifetimes, offeredEndpoints, windows, type KeyForm as Form } from "../../lib/key-form.ts"

export interface KeyFormProps {
  initial: Form
  /** The button's word. */
  action: string
  busy: boolean
  problem: Error | null
  onSend: (form: Form) => void
  onCancel: () => void
}

export function KeyForm({ initial, action, busy, problem, onSend, onCancel }: KeyFormProps): React.JSX.Element {
  const [form, setForm] = useState(initial)
  const [complaint, setComplaint] = useState<string>()
  const set = (part: Partial<Form>): void => setForm({ ...form, ...part })
  const send = (event: React.FormEvent): void => {
    event.preventDefault()
    const wrong = complaintAbout(form)
    setComplaint(wrong)
    if (wrong === undefined) onSend(form)
  }
  return (
    <form onSubmit={send} noValidate className="flex flex-col gap-4">
      <TextField label="Name" placeholder="billing service" value={form.name} onChange={(name) => set({ name })} autoFocus />
      <Reach form={form} set={set} />
      <Limits form={form} set={set} />
      <Expiry form={form} set={set} mayKeep={initial.expires === "keep"} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Tags"
          note="to count and limit by"
          placeholder="team:search"
          value={form.tags}
          onChange={(tags) => set({ tags })}
        />
        <TextField label="End user" note="if it acts for one" placeholder="none" value={form.user} onChange={(user) => set({ user })} />
      </div>
      <div className="flex flex-wrap items-center gap-3">
        <button type="submit" className="button button-main" disabled={busy}>
          {action}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        <span role="status" className="min-w-0 flex-1 text-sm text-bad">
          {complaint ?? problem?.message ?? ""}
        </span>
      </div>
    </form>
  )
}

interface PartProps {
  form: Form
  set: (part: Partial<Form>) => void
}

function Reach({ form, set }: PartProps): React.JSX.Element {
  const toggle = (endpoint: string): void => {
    const without = form.endpoints.filter((each) => each !== endpoint)
    set({ endpoints: without.length < form.endpoints.length ? without : [...form.endpoints, endpoint] })
  }
  return (
    <>
      <TextField
        label="Models"
        note="names or patterns with *, separated by commas; empty: every model"
        placeholder="gpt-*, anthropic/*"
        value={form.models}
        onChange={(models) => set({ models })}
      />
      <fieldset>
        <legend className="float-left text-sm font-medium">Endpoints</legend>
        <span className="ml-2 text-xs text-dim">none chosen: every endpoint</span>
        <div className="mt-1.5 grid grid-cols-2 gap-x-3 gap-y-1 sm:grid-cols-4">
          {offeredEndpoints.map((endpoint) => (
            <label key={endpoint} className="flex items-center gap-1.5 text-sm">
              <input
                type="checkbox"
                checked={form.endpoints.includes(endpoint)}
                onChange={() => toggle(endpoint)}
                className="accent-accent"
              />
              {endpoint}
            </label>
          ))}
        </div>
        <input
          aria-label="More endpoints"
          value={form.moreEndpoints}
          placeholder="and paths, such as GET /v1/files*"
          onChange={(event) => set({ moreEndpoints: event.target.value })}
          className="field mt-2 w-full"
        />
      </fieldset>
    </>
  )
}

const counted = [
  ["requestsPerMinute", "Requests per minute"],
  ["tokensPerMinute", "Tokens per minute"],
  ["concurrent", "Calls at the same time"],
] as const

function Limits({ form, set }: PartProps): React.JSX.Element {
  return (
    <fieldset>
      <legend className="float-left text-sm font-medium">Limits</legend>
      <span className="ml-2 text-xs text-dim">empty: none of its own</span>
      <div className="mt-1.5 grid gap-3 sm:grid-cols-2">
        <div className="flex items-end gap-2">
          <NumberField label="Budget in dollars" step="any" value={form.budgetUsd} onChange={(budgetUsd) => set({ budgetUsd })} />
          <select
            aria-label="Window of the budget"
            value={form.budgetPer}
            onChange={(event) => set({ budgetPer: windows.find(([name]) => name === event.target.value)?.[0] ?? "month" })}
            className="field pr-1"
          >
            {windows.map(([name, words]) => (
              <option key={name} value={name}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <NumberField
          label="Tell at dollars, refusing nothing"
          step="any"
          value={form.alertUsd}
          onChange={(alertUsd) => set({ alertUsd })}
        />
        {counted.map(([name, label]) => (
          <NumberField key={name} label={label} step={1} value={form[name]} onChange={(value) => set({ [name]: value })} />
        ))}
      </div>
    </fieldset>
  )
}

function Expiry({ form, set, mayKeep }: PartProps & { mayKeep: boolean }): React.JSX.Element {
  const id = useId()
  const choices: (readonly [Form["expires"], string])[] = [
    ...(mayKeep ? [["keep", "As it is"] as const] : []),
    ...lifetimes.map(([name, words]) => [name, words] as const),
    ["date", "On a day"],
  ]
  return (
    <div className="text-sm">
      <label htmlFor={id} className="font-medium">
        Expires
      </label>
      <div className="mt-1 flex flex-wrap gap-2">
        <select
          id={id}
          value={form.expires}
          onChange={(event) => set({ expires: choices.find(([name]) => name === event.target.value)?.[0] ?? "never" })}
          className="field w-40 pr-1"
        >
          {choices.map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
        {form.expires === "date" ? (
          <input
            type="date"
            aria-label="Last day of the key"
            value={form.date}
            onChange={(event) => set({ date: event.target.value })}
            className="field"
          />
        ) : null}
      </div>
    </div>
  )
}

interface TextFieldProps {
  label: string
  note?: string
  placeholder: string
  value: string
  onChange: (value: string) => void
  autoFocus?: boolean
}

function TextField({ label, note = "", placeholder, value, onChange, autoFocus = false }: TextFieldProps): React.JSX.Element {
  const id = useId()
  return (
    <div className="text-sm">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <span id={`${id}-note`} className="ml-2 text-xs text-dim">
        {note}
      </span>
      <input
        id={id}
        aria-describedby={`${id}-note`}
        autoFocus={autoFocus}
        value={value}
        placeholder={placeholder}
        onChange={(event) => onChange(event.target.value)}
        className="field mt-1 w-full"
      />
    </div>
  )
}

interface NumberFieldProps {
  label: string
  step: number | "any"
  value: string
  onChange: (value: string) => void
}

function NumberField({ label, step, value, onChange }: NumberFieldProps): React.JSX.Element {
  return (
    <label className="min-w-0 flex-1 text-sm">
      <span className="text-dim">{label}</span>
      <input
        type="number"
        min={0}
        step={step}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="field mt-1 w-full"
      />
    </label>
  )
}
