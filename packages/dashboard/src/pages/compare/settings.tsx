// The settings of one search of a comparison.
import { useId } from "react"
import { useAddress } from "../../lib/address.ts"
import { settingsIn, type Settings } from "../../lib/compare.ts"
import { levels } from "../memories/toolbar.tsx"

interface Choices {
  name: keyof Settings
  label: string
  /** Of the server's default. */
  plain: string
  options: readonly (readonly [string, string])[]
}

const choices: readonly Choices[] = [
  {
    name: "lanes",
    label: "Kinds",
    plain: "All",
    options: [
      ["said", "What was said"],
      ["users", "Users’ words"],
      ["derived", "Facts, summaries"],
      ["facts", "Facts"],
      ["tools", "Tools’ results"],
    ],
  },
  {
    name: "weights",
    label: "Words : meaning",
    plain: "As fitted",
    options: [
      ["1", "Words alone"],
      ["0.7", "0.7 : 0.3"],
      ["0.5", "0.5 : 0.5"],
      ["0.3", "0.3 : 0.7"],
      ["0", "Meaning alone"],
    ],
  },
  { name: "rerank", label: "Rerank", plain: "Yes", options: [["off", "No"]] },
  {
    name: "diversity",
    label: "Variety",
    plain: "None",
    options: [
      ["0.2", "A little (0.2)"],
      ["0.3", "Some (0.3)"],
      ["0.5", "Much (0.5)"],
      ["0.8", "Most (0.8)"],
    ],
  },
  { name: "level", label: "Trust", plain: "All levels", options: levels },
  {
    name: "time",
    label: "Times it names",
    plain: "Preferred",
    options: [
      ["filter", "Only these"],
      ["ignore", "Ignored"],
    ],
  },
  { name: "hop", label: "Second hop", plain: "No", options: [["on", "Over shared names"]] },
  { name: "directives", label: "Asks for behaviour", plain: "Withheld", options: [["include", "Shown, as data"]] },
]

export function SettingsForm({ column }: { column: string }): React.JSX.Element {
  const { params, set } = useAddress()
  const settings = settingsIn(params, column)
  const id = useId()
  return (
    <fieldset className="panel grid grid-cols-2 gap-x-3 gap-y-2 px-3 pt-1.5 pb-3">
      <legend className="px-1 text-sm font-semibold">{column.toUpperCase()}</legend>
      {choices.map(({ name, label, plain, options }) => (
        <label key={name} className="flex min-w-0 flex-col gap-0.5 text-xs text-dim">
          {label}
          <select
            value={settings[name]}
            onChange={(event) => set(`${column}.${name}`, event.target.value)}
            className={`field min-w-0 pr-1 ${settings[name] === "" ? "" : "border-accent text-accent"}`}
          >
            <option value="">{plain}</option>
            {options.map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        </label>
      ))}
      <label htmlFor={id} className="col-span-2 flex min-w-0 flex-col gap-0.5 text-xs text-dim">
        As known at
        <input
          id={id}
          type="datetime-local"
          value={settings.asOf}
          onChange={(event) => set(`${column}.asOf`, event.target.value)}
          className={`field min-w-0 ${settings.asOf === "" ? "" : "border-accent text-accent"}`}
        />
      </label>
    </fieldset>
  )
}
