// AWS's shared files: profiles with keys, or with a role and where the credentials to assume it come from.
import { readFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { NotThere, type AwsSettings } from "./types.ts"

export type Profile = Readonly<Record<string, string>>

/** All of them by their names. What the credentials file says goes before what the configuration file says. */
export async function readProfiles({ variables }: Pick<AwsSettings, "variables">): Promise<ReadonlyMap<string, Profile>> {
  const folder = join(homedir(), ".aws")
  const [config, credentials] = await Promise.all([
    readText(variables["AWS_CONFIG_FILE"] ?? join(folder, "config")),
    readText(variables["AWS_SHARED_CREDENTIALS_FILE"] ?? join(folder, "credentials")),
  ])
  const profiles = new Map<string, Profile>()
  for (const [section, values] of sectionsOf(config)) {
    const name = section === "default" ? section : /^profile\s+(.+)$/.exec(section)?.[1]
    if (name !== undefined) profiles.set(unquoted(name), values)
  }
  for (const [name, values] of sectionsOf(credentials)) profiles.set(name, { ...profiles.get(name), ...values })
  return profiles
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch {
    return "" // there is none, or it is not ours to read: no profile is in it
  }
}

function sectionsOf(text: string): [string, Profile][] {
  const sections = new Map<string, Record<string, string>>()
  let current: Record<string, string> | undefined
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]
    // Members of a member are indented; none of them is wanted.
    const [, name, value] = /^([A-Za-z_][\w-]*)\s*=\s*(.*?)(?:\s+[#;].*)?\s*$/.exec(line) ?? []
    if (section !== undefined) {
      current = sections.get(section) ?? {}
      sections.set(section, current)
    } else if (current && name !== undefined && value !== undefined) current[name.toLowerCase()] = value
  }
  return [...sections]
}

function unquoted(name: string): string {
  return name.replaceAll(/^["']|["']$/g, "")
}

export function profileIn(profiles: ReadonlyMap<string, Profile>, name: string): Profile {
  const profile = profiles.get(name)
  if (!profile) throw new NotThere(`AWS's shared files have no profile ${JSON.stringify(name)}`)
  return profile
}
