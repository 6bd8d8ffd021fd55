// What webhooks were told, newest first: the event in words, and whether each webhook took it.
import type { Alert } from "@perdure/client"
import { useAlerts } from "../../data/usage.ts"
import { alertText } from "../../lib/alert-look.ts"
import { TimeAgo } from "../../parts/small.tsx"

export function AlertTable(): React.JSX.Element | null {
  const alerts = useAlerts()
  // Limits are shown all the same.
  if (!alerts.data || alerts.data.length === 0) return null
  return (
    <section aria-label="Alerts" className="panel overflow-x-auto" tabIndex={0}>
      <h2 className="border-b border-line px-4 py-2 text-sm font-semibold">Alerts</h2>
      <table className="w-full text-sm">
        <thead className="text-xs text-dim">
          <tr className="border-b border-line">
            <th className="px-4 py-2 text-left font-normal">Told</th>
            <th className="px-2 py-2 text-left font-normal">When</th>
            <th className="px-4 py-2 text-left font-normal">Webhooks</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {alerts.data.map((alert) => (
            <tr key={alert.id} data-alert={alert.type} className="align-top">
              <td className="px-4 py-2 break-words">{alertText(alert)}</td>
              <td className="px-2 py-2 whitespace-nowrap text-dim">
                <TimeAgo at={alert.created_at} />
              </td>
              <td className="px-4 py-2">
                <Webhooks webhooks={alert.webhooks} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Webhooks({ webhooks }: Pick<Alert, "webhooks">): React.JSX.Element {
  if (webhooks.length === 0) return <span className="text-dim">–</span>
  return (
    <>
      {webhooks.map(({ name, status, outcome }) => (
        <div key={name} className={status === "failed" ? "text-bad" : "text-dim"}>
          {name}: {status}
          {status === "sent" || outcome === null ? "" : ` (${outcome})`}
        </div>
      ))}
    </>
  )
}
