// The frame around all pages: navigation, theme, and which page an address shows.
import { Suspense } from "react"
import { Redirect, Route, Router, Switch } from "wouter"
import { ConnectionNotice } from "./parts/connection.tsx"
import { HealthNotice } from "./parts/health-notice.tsx"
import { lazyPage } from "./parts/lazy-page.tsx"
import { Loading } from "./parts/small.tsx"
import { Sidebar } from "./parts/sidebar.tsx"
import { MissingPage } from "./pages/missing.tsx"
import { RunsPage } from "./pages/runs/page.tsx"

// All but the list of runs, which is what opens first.
const DeploymentsPage = lazyPage(async () => (await import("./pages/deployments/page.tsx")).DeploymentsPage)
const ExperimentPage = lazyPage(async () => (await import("./pages/experiments/one.tsx")).ExperimentPage)
const ExperimentsPage = lazyPage(async () => (await import("./pages/experiments/page.tsx")).ExperimentsPage)
const DocumentPage = lazyPage(async () => (await import("./pages/document/page.tsx")).DocumentPage)
const DocumentsPage = lazyPage(async () => (await import("./pages/documents/page.tsx")).DocumentsPage)
const KeysPage = lazyPage(async () => (await import("./pages/keys/page.tsx")).KeysPage)
const LimitsPage = lazyPage(async () => (await import("./pages/limits/page.tsx")).LimitsPage)
const MemoryPage = lazyPage(async () => (await import("./pages/memory/page.tsx")).MemoryPage)
const MemoriesPage = lazyPage(async () => (await import("./pages/memories/page.tsx")).MemoriesPage)
const ModelsPage = lazyPage(async () => (await import("./pages/models/page.tsx")).ModelsPage)
const OverviewPage = lazyPage(async () => (await import("./pages/overview/page.tsx")).OverviewPage)
const PromptPage = lazyPage(async () => (await import("./pages/prompts/one.tsx")).PromptPage)
const PromptsPage = lazyPage(async () => (await import("./pages/prompts/page.tsx")).PromptsPage)
const RunPage = lazyPage(async () => (await import("./pages/run/page.tsx")).RunPage)
const ScoresPage = lazyPage(async () => (await import("./pages/scores/page.tsx")).ScoresPage)
const SourcePage = lazyPage(async () => (await import("./pages/source/page.tsx")).SourcePage)
const SpendPage = lazyPage(async () => (await import("./pages/spend/page.tsx")).SpendPage)

export function App(): React.JSX.Element {
  return (
    <Router base="/dashboard">
      <div className="flex h-dvh flex-col md:flex-row">
        <Sidebar />
        <main className="flex min-h-0 min-w-0 flex-1 flex-col">
          <ConnectionNotice />
          <HealthNotice />
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/">
                <Redirect to="/runs" replace />
              </Route>
              <Route path="/runs" component={RunsPage} />
              <Route path="/runs/:id">{({ id }) => <RunPage key={id} runId={decodeURIComponent(id)} />}</Route>
              <Route path="/overview" component={OverviewPage} />
              <Route path="/spend" component={SpendPage} />
              <Route path="/limits" component={LimitsPage} />
              <Route path="/models" component={ModelsPage} />
              <Route path="/deployments" component={DeploymentsPage} />
              <Route path="/prompts" component={PromptsPage} />
              <Route path="/prompts/:name">{({ name }) => <PromptPage key={name} name={decodeURIComponent(name)} />}</Route>
              <Route path="/experiments" component={ExperimentsPage} />
              <Route path="/experiments/:name">{({ name }) => <ExperimentPage key={name} name={decodeURIComponent(name)} />}</Route>
              <Route path="/scores" component={ScoresPage} />
              <Route path="/documents" component={DocumentsPage} />
              <Route path="/documents/:id">{({ id }) => <DocumentPage key={id} storeId={decodeURIComponent(id)} />}</Route>
              <Route path="/memories" component={MemoriesPage} />
              <Route path="/memories/:id">{({ id }) => <MemoryPage key={id} memoryId={decodeURIComponent(id)} />}</Route>
              <Route path="/sources/:id">{({ id }) => <SourcePage key={id} sourceId={decodeURIComponent(id)} />}</Route>
              <Route path="/keys" component={KeysPage} />
              <Route component={MissingPage} />
            </Switch>
          </Suspense>
        </main>
      </div>
    </Router>
  )
}
