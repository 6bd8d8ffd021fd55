// `perdure alerts test`: posts a test event to the webhooks of the configuration from this machine, and says what came back.
import { createSend, type Sent } from "../alerts/index.ts"
import { AppError, newId, systemClock } from "../core/index.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import type { Terminal } from "./terminal.ts"

export interface AlertsTestOptions extends ConfigOptions {
  json?: boolean
}

export async function alertsTest(name: string | undefined, options: AlertsTestOptions, terminal: Terminal): Promise<number> {
  const { config } = await loadFor(options, true)
  const names = config.alerts.map((each) => each.name)
  const chosen = config.alerts.filter((each) => name === undefined || each.name === name)
  if (chosen.length === 0) {
    const hint = names.length === 0 ? "Declare one under alerts: in the configuration." : `There are: ${names.join(", ")}.`
    throw new AppError("not_found", name === undefined ? "no webhook is declared" : `no webhook is called ${JSON.stringify(name)}`, {
      hint,
    })
  }
  const send = createSend({ limits: config.limits, now: () => systemClock.now() })
  const results = await Promise.all(
    chosen.map(async (webhook) => {
      const data = { webhook: webhook.name }
      const event = { id: newId("evt"), type: "test", createdAt: systemClock.now(), projectId: webhook.project, data } as const
      return { webhook: webhook.name, sent: await send(webhook, event, new AbortController().signal) }
    }),
  )
  const isGood = results.every(({ sent }) => sent.isSent)
  if (options.json === true) {
    const shown = results.map(({ webhook, sent: { isSent, outcome, answer } }) => ({ webhook, ok: isSent, outcome, answer }))
    terminal.print(JSON.stringify({ ok: isGood, webhooks: shown }))
  } else for (const { webhook, sent } of results) show(webhook, sent, terminal)
  return isGood ? exitCodes.ok : exitCodes.failed
}

function show(webhook: string, { isSent, outcome, answer }: Sent, terminal: Terminal): void {
  const mark = isSent ? terminal.style("green", "ok  ") : terminal.style("red", "FAIL")
  terminal.print(`${mark}  ${webhook}  ${outcome}${answer.trim() === "" ? "" : `  ${answer.trim().replaceAll(/\s+/g, " ")}`}`)
  if (!isSent) terminal.print("      next: check url and secret of the webhook, and that this machine may reach it")
}
