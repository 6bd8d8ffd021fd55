// The frame around all pages: navigation, theme, and which page an address shows.
import { Redirect, Route, Router, Switch } from "wouter"
import { ConnectionNotice } from "./parts/connection.tsx"
import { HealthNotice } from "./parts/health-notice.tsx"
import { Sidebar } from "./parts/sidebar.tsx"
import { DeploymentsPage } from "./pages/deployments/page.tsx"
import { ExperimentPage } from "./pages/experiments/one.tsx"
import { ExperimentsPage } from "./pages/experiments/page.tsx"
import { DocumentPage } from "./pages/document/page.tsx"
import { DocumentsPage } from "./pages/documents/page.tsx"
import { KeysPage } from "./pages/keys/page.tsx"
import { LimitsPage } from "./pages/limits/page.tsx"
import { MemoryPage } from "./pages/memory/page.tsx"
import { MemoriesPage } from "./pages/memories/page.tsx"
import { MissingPage } from "./pages/missing.tsx"
import { ModelsPage } from "./pages/models/page.tsx"
import { OverviewPage } from "./pages/overview/page.tsx"
import { PromptPage } from "./pages/prompts/one.tsx"
import { PromptsPage } from "./pages/prompts/page.tsx"
import { RunPage } from "./pages/run/page.tsx"
import { RunsPage } from "./pages/runs/page.tsx"
import { ScoresPage } from "./pages/scores/page.tsx"
import { SourcePage } from "./pages/source/page.tsx"
import { SpendPage } from "./pages/spend/page.tsx"

export function App(): React.JSX.Element {
  return (
    <Router base="/dashboard">
      <div className="flex h-dvh flex-col md:flex-row">
        <Sidebar />
        <main className="flex min-h-0 min-w-0 flex-1 flex-col">
          <ConnectionNotice />
          <HealthNotice />
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
        </main>
      </div>
    </Router>
  )
}
