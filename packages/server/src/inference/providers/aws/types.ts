// Where credentials of AWS come from: what the configuration says of them, and the sources that are asked in turn.
import type { AwsCredentials } from "../bedrock/signature.ts"
import type { Lasting } from "../credential-cache.ts"

export type LastingCredentials = Lasting<AwsCredentials>

export interface AwsSettings {
  region: string
  accessKeyId?: string
  secretAccessKey?: string
  sessionToken?: string
  /** Of the shared files. */
  profile?: string
  roleArn?: string
  externalId?: string
  roleSessionName?: string
  /** A file with a token that another system renews, by which the role is assumed. */
  webIdentityTokenFile?: string
  /** Variables of AWS's by their names, as they were set when the server started. */
  variables: Readonly<Record<string, string>>
}

/** What was looked at, and why there was nothing. */
export class NotThere extends Error {}
