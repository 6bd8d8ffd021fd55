// Credentials of AWS: those that the configuration names, else the first of environment, web identity, shared files, container and instance.
import { messageOf } from "../../../core/index.ts"
import type { AwsCredentials } from "../bedrock/signature.ts"
import { containerCredentials, instanceCredentials } from "./machine.ts"
import { profileIn, readProfiles, type Profile } from "./profiles.ts"
import { assumeRole, assumeRoleWithWebIdentity } from "./token-service.ts"
import { NotThere, type AwsSettings, type LastingCredentials } from "./types.ts"

const usualSessionName = "perdure"
/** Files may have been changed, and nobody tells. */
const fileLifeMs = 10 * 60_000

/** Rejects with what was tried. */
export async function awsCredentials(settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const { roleArn, externalId, webIdentityTokenFile, variables } = settings
  const sessionName = settings.roleSessionName ?? variables["AWS_ROLE_SESSION_NAME"] ?? usualSessionName
  if (roleArn !== undefined && webIdentityTokenFile !== undefined)
    return assumeRoleWithWebIdentity({ roleArn, sessionName }, webIdentityTokenFile, settings, now)
  const own = await ownCredentials(settings, now)
  if (roleArn === undefined) return own
  return assumeRole({ roleArn, sessionName, externalId }, own.value, settings, now)
}

async function ownCredentials(settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const { accessKeyId, secretAccessKey, sessionToken, profile } = settings
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return lasting(accessKeyId, secretAccessKey, sessionToken)
  if (profile !== undefined) return ofProfile(profile, settings, now)
  return firstOf([fromEnvironment, fromWebIdentity, fromSharedFiles, containerCredentials, instanceCredentials], settings, now)
}

type Source = (settings: AwsSettings, now: number) => LastingCredentials | Promise<LastingCredentials>

/** One that is there and fails ends the search: another identity may do other things. */
async function firstOf(sources: readonly Source[], settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const tried: string[] = []
  for (const source of sources) {
    try {
      return await source(settings, now)
    } catch (error) {
      tried.push(messageOf(error))
      if (!(error instanceof NotThere)) break
    }
  }
  throw new Error(tried.join("; "))
}

function fromEnvironment({ variables }: AwsSettings): LastingCredentials {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = variables
  if (id === undefined || secret === undefined) throw new NotThere("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
  return lasting(id, secret, token)
}

function fromWebIdentity(settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: roleArn, AWS_ROLE_SESSION_NAME: name } = settings.variables
  if (file === undefined || roleArn === undefined) throw new NotThere("AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set")
  return assumeRoleWithWebIdentity({ roleArn, sessionName: name ?? usualSessionName }, file, settings, now)
}

function fromSharedFiles(settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const named = settings.variables["AWS_PROFILE"]
  return ofProfile(named ?? "default", settings, now).catch((error: unknown) => {
    // A profile that was named must be there.
    throw named !== undefined && error instanceof NotThere ? new Error(error.message) : error
  })
}

async function ofProfile(name: string, settings: AwsSettings, now: number): Promise<LastingCredentials> {
  const profiles = await readProfiles(settings)
  return new ProfileChain(profiles, settings, now).credentials(name)
}

/** Profiles that name one another. */
class ProfileChain {
  readonly #profiles: ReadonlyMap<string, Profile>
  readonly #settings: AwsSettings
  readonly #now: number
  readonly #seen = new Set<string>()

  constructor(profiles: ReadonlyMap<string, Profile>, settings: AwsSettings, now: number) {
    this.#profiles = profiles
    this.#settings = settings
    this.#now = now
  }

  async credentials(name: string): Promise<LastingCredentials> {
    const profile = profileIn(this.#profiles, name)
    const { role_arn: roleArn, web_identity_token_file: tokenFile } = profile
    // A profile may be its own source: its keys are meant then.
    if (roleArn === undefined || this.#seen.has(name)) return this.#keysOf(name, profile)
    this.#seen.add(name)
    const sessionName = profile["role_session_name"] ?? usualSessionName
    const role = { roleArn, sessionName, externalId: profile["external_id"], durationSeconds: profile["duration_seconds"] }
    if (tokenFile !== undefined) return assumeRoleWithWebIdentity(role, tokenFile, this.#settings, this.#now)
    return assumeRole(role, (await this.#sourceOf(name, profile)).value, this.#settings, this.#now)
  }

  async #sourceOf(name: string, profile: Profile): Promise<LastingCredentials> {
    const { source_profile: source, credential_source: kind } = profile
    if (source !== undefined) return this.credentials(source)
    if (kind === "Environment") return fromEnvironment(this.#settings)
    if (kind === "EcsContainer") return containerCredentials(this.#settings)
    if (kind === "Ec2InstanceMetadata") return instanceCredentials(this.#settings)
    throw new Error(`the profile ${JSON.stringify(name)} has a role_arn, but neither source_profile nor credential_source`)
  }

  #keysOf(name: string, profile: Profile): LastingCredentials {
    const { aws_access_key_id: id, aws_secret_access_key: secret, aws_session_token: token } = profile
    if (id !== undefined && secret !== undefined) return { ...lasting(id, secret, token), until: this.#now + fileLifeMs }
    const other = ["credential_process", "sso_session", "sso_start_url", "login_session"].find((member) => profile[member] !== undefined)
    if (other === undefined) throw new NotThere(`the profile ${JSON.stringify(name)} has no access key and no role`)
    throw new Error(`the profile ${JSON.stringify(name)} has ${other}, which is not read here: give it a role_arn or an access key`)
  }
}

function lasting(accessKeyId: string, secretAccessKey: string, sessionToken: string | undefined): LastingCredentials {
  const value: AwsCredentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  return { value, until: Number.POSITIVE_INFINITY }
}
