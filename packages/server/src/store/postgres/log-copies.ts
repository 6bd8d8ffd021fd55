// Where else the content of a server's write-ahead log goes: what nobody can clear from here.
import type { ScrubSession } from "./scrub-session.ts"

interface LogSettings {
  archives: boolean
  statements: string
  slowMs: number
  parameters: string
  standbys: number
}

export async function logCopies(session: ScrubSession): Promise<string[]> {
  const [settings] = await session.query<LogSettings>(`
    select current_setting('archive_mode') <> 'off' as archives, current_setting('log_statement') as statements,
      (select setting::float8 from pg_settings where name = 'log_min_duration_statement') as "slowMs",
      current_setting('log_parameter_max_length') as parameters,
      (select count(*)::int from pg_stat_get_wal_senders()) as standbys`)
  if (settings === undefined) return []
  const { archives, statements, slowMs, parameters, standbys } = settings
  const logsValues = (statements === "all" || statements === "mod" || slowMs >= 0) && parameters !== "0"
  return [
    ...(archives ? ["the archive of the write-ahead log (archive_mode)"] : []),
    ...(standbys > 0 ? [`${standbys} receivers of the write-ahead log (pg_stat_replication), with logs and rows of their own`] : []),
    ...(logsValues ? ["the server's text log, which has values of statements (log_statement, log_min_duration_statement)"] : []),
  ]
}
