// The options of a tried search: which files, from which score on, how words and meaning are weighed, who orders, how varied.
import { useState } from "react"
import { useAddress } from "../../lib/address.ts"
import { trySettingsIn, type TrySettings } from "../../lib/try-settings.ts"

interface Choices {
  name: keyof TrySettings
  label: string
  /** Of the server's default. */
  plain: string
  options: readonly (readonly [string, string])[]
}

const choices: readonly Choices[] = [
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
  {
    name: "diversity",
    label: "Variety",
    plain: "None",
    options: [
      ["0.2", "A little (0.2)"],
      ["0.5", "Much (0.5)"],
      ["0.8", "Most (0.8)"],
    ],
  },
]

const texts = [
  { name: "filter", label: "Attributes", placeholder: "author = Ada, year >= 2020" },
  { name: "threshold", label: "Score from", placeholder: "0" },
  { name: "ranker", label: "Ranker", placeholder: "auto" },
] as const

export function TryOptions(): React.JSX.Element {
  const { params, set } = useAddress()
  const settings = trySettingsIn(params)
  return (
    <fieldset className="grid grid-cols-2 gap-x-3 gap-y-2 md:grid-cols-5">
      <legend className="sr-only">Options of the search</legend>
      {texts.map((text) => (
        <TextOption key={`${text.name} ${settings[text.name]}`} {...text} value={settings[text.name]} onChange={set} />
      ))}
      {choices.map(({ name, label, plain, options }) => (
        <label key={name} className="flex min-w-0 flex-col gap-0.5 text-xs text-dim">
          {label}
          <select value={settings[name]} onChange={(event) => set(name, event.target.value)} className="field min-w-0 pr-1">
            <option value="">{plain}</option>
            {options.map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  )
}

interface TextOptionProps {
  name: (typeof texts)[number]["name"]
  label: string
  placeholder: string
  value: string
  onChange: (name: string, value: string) => void
}

/** Taken when the field is left or Enter is pressed: each change is a search. */
function TextOption({ name, label, placeholder, value, onChange }: TextOptionProps): React.JSX.Element {
  const [typed, setTyped] = useState(value)
  const take = (): void => {
    if (typed.trim() !== value) onChange(name, typed.trim())
  }
  return (
    <label className="flex min-w-0 flex-col gap-0.5 text-xs text-dim">
      {label}
      <input
        type={name === "threshold" ? "number" : "text"}
        {...(name === "threshold" ? { min: 0, max: 1, step: 0.05 } : {})}
        value={typed}
        placeholder={placeholder}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => (event.key === "Enter" ? take() : undefined)}
        className="field min-w-0"
      />
    </label>
  )
}
