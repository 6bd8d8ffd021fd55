// LangGraph.js with its Postgres checkpointer: a graph of five nodes that do nothing. Durability: `async` (its default) or `sync`.
import { randomUUID } from "node:crypto"
import { Annotation, END, START, StateGraph } from "@langchain/langgraph"
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres"
import pg from "pg"
import { drive } from "./drive.mjs"

const [url, durability] = process.argv.slice(2)
const saver = new PostgresSaver(new pg.Pool({ connectionString: url, max: 20 }))
await saver.setup()
const State = Annotation.Root({ sum: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) })
let graph = new StateGraph(State)
for (let i = 0; i < 5; i += 1) graph = graph.addNode(`add${i}`, async () => ({ sum: i }))
graph = graph.addEdge(START, "add0").addEdge("add4", END)
for (let i = 0; i < 4; i += 1) graph = graph.addEdge(`add${i}`, `add${i + 1}`)
const app = graph.compile({ checkpointer: saver })
drive(async () => (await app.invoke({ sum: 0 }, { configurable: { thread_id: randomUUID() }, durability })).sum)
