// The embedded model gives unit vectors that mean something, the same ones every time, to many callers, until it is closed.
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { appendFile, cp, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Worker } from "node:worker_threads"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { contentTokensMax, dimensions } from "./encode.ts"
import { maxSim, tokenDimensions } from "./late-interaction.ts"
import { openMiniLm, type MiniLm } from "./minilm.ts"
import { modelDirectory, weightsHash } from "./model-files.ts"

const signal = AbortSignal.timeout(300_000)
let model: MiniLm

beforeAll(async () => {
  model = await openMiniLm({ signal })
})
afterAll(async () => {
  await model[Symbol.asyncDispose]()
})

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  let dot = 0
  for (let i = 0; i < dimensions; i++) dot += (a?.[i] ?? NaN) * (b?.[i] ?? NaN)
  return dot
}

/** A sentence, the same said otherwise, and one about something else that shares words with the first. */
const triples: [string, string, string][] = [
  ["How do I reset my password?", "I forgot my login credentials and need new ones", "How do I reset the garden hose?"],
  ["The invoice was paid twice", "We were charged two times for the same bill", "The pianist played the sonata twice"],
  ["He bought a new car", "A man purchased an automobile", "He bought a new book of poems"],
  ["The cat sleeps on the sofa", "A kitten is napping on the couch", "The report lies on the desk"],
  ["It is raining heavily in London", "There is a downpour in the English capital", "London has many museums"],
  ["The doctor prescribed antibiotics", "A physician ordered medicine against the infection", "The teacher prescribed homework"],
  ["Our flight was delayed by four hours", "The plane took off much later than planned", "Our dinner was delicious"],
  ["How tall is Mount Everest?", "What is the height of the world's highest mountain?", "How tall is the new intern?"],
  ["The company laid off 200 employees", "Two hundred workers lost their jobs", "The hen laid 200 eggs last year"],
  ["Delete all files older than a week", "Remove documents from before the last seven days", "Paint all walls before next week"],
]

describe("the vectors", () => {
  it.each(triples)("%j lies nearer to %j than to %j", async (text, paraphrase, other) => {
    const [a, b, c] = await model.embed([text, paraphrase, other], signal)
    expect(cosine(a, b)).toBeGreaterThan(cosine(a, c))
  })

  it("have 384 numbers and length 1, for empty, odd and very long texts too", async () => {
    const texts = ["", " ", "word", "\u0000\uFFFD", "👩‍👩‍👧 你好", "[MASK] [SEP]", "long ".repeat(100_000), "x".repeat(50_000)]
    const vectors = await model.embed(texts, signal)
    expect(vectors).toHaveLength(texts.length)
    for (const vector of vectors) {
      expect(vector).toHaveLength(dimensions)
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5)
    }
  })

  it("do not depend on which texts run together or in which order", async () => {
    const texts = triples.flat()
    const together = await model.embed(texts, signal)
    const reversed = (await model.embed(texts.toReversed(), signal)).toReversed()
    const alone = await model.embed([texts[7] ?? ""], signal)
    expect(reversed).toEqual(together)
    expect(alone[0]).toEqual(together[7])
  })

  it("see the first 256 tokens of a long text and nothing after them", async () => {
    const words = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? "river" : "stone"))
    const cut = words.slice(0, contentTokensMax).join(" ")
    const [whole, beginning, changed] = await model.embed([words.join(" "), cut, `${cut} finance markets crashed`], signal)
    expect(whole).toEqual(beginning)
    expect(changed).toEqual(beginning)
    const [shorter] = await model.embed([words.slice(0, contentTokensMax - 1).join(" ")], signal)
    expect(shorter).not.toEqual(beginning)
  })

  it("of tokens rank texts by late interaction, and come with the text's own vector", async () => {
    const texts = ["capital of France", "Paris is the capital of France.", "Pickled cucumbers are sour."]
    const [query, near, far] = await model.embedPassages(
      texts.map((text) => ({ text })),
      signal,
    )
    if (!query || !near || !far) throw new Error("three texts give three results")
    expect(query.tokens.weights).toHaveLength(3)
    expect(query.tokens.vectors).toHaveLength(3 * tokenDimensions)
    expect(maxSim(query.tokens, query.tokens.vectors)).toBeCloseTo(1, 5)
    expect(maxSim(query.tokens, near.tokens.vectors)).toBeGreaterThan(maxSim(query.tokens, far.tokens.vectors))
    expect((await model.embed(["capital of France"], signal))[0]).toEqual(query.text)
  })

  it("of a text read after another are of that text alone, and lie nearer to what both say", async () => {
    const previous = "Which city are you moving to with your violin?"
    const [question, alone, after] = await model.embedPassages(
      [{ text: "moving to a city with a violin" }, { text: "Lisbon, in May." }, { text: "Lisbon, in May.", previous }],
      signal,
    )
    expect(after?.tokens.weights).toEqual(alone?.tokens.weights)
    expect(Math.hypot(...(after?.text ?? []))).toBeCloseTo(1, 5)
    expect(cosine(question?.text, after?.text)).toBeGreaterThan(cosine(question?.text, alone?.text))
  })

  it("of a text come out for a long one before it and for a long one itself", async () => {
    const long = "river stone ".repeat(300)
    const [before, itself, nothing] = await model.embedPassages(
      [
        { text: "a boat", previous: long.repeat(50) },
        { text: long, previous: "a boat" },
        { text: "", previous: "a boat" },
      ],
      signal,
    )
    expect(before?.tokens.weights).toHaveLength(2)
    expect(itself?.tokens.weights).toHaveLength(contentTokensMax)
    expect(itself?.text).toEqual((await model.embed([long], signal))[0])
    expect(nothing?.tokens.weights).toHaveLength(0)
    expect(Math.hypot(...(nothing?.text ?? []))).toBeCloseTo(1, 5)
  })
})

describe("counting tokens", () => {
  it.each([
    ["", 0],
    ["hello", 1],
    ["hello world", 2],
    ["embeddings", 4],
    ["word ".repeat(1000), 1000],
  ])("counts %j without the two that frame it", (text, tokens) => {
    expect(model.countTokens(text)).toBe(tokens)
  })
})

describe("many callers", () => {
  it("get their own vectors, in order", async () => {
    const lists = Array.from({ length: 20 }, (_, i) => [`caller ${i} first`, `caller ${i} second`])
    const all = await Promise.all(lists.map((texts) => model.embed(texts, signal)))
    const again = await model.embed(lists.flat(), signal)
    expect(all.flat()).toEqual(again)
  })

  it("take turns: a short request does not wait for a long one that came first", async () => {
    const finished: string[] = []
    const long = model
      .embed(
        Array.from({ length: 200 }, (_, i) => `long request ${i}`),
        signal,
      )
      .then(() => finished.push("long"))
    const short = model.embed(["short request"], signal).then(() => finished.push("short"))
    await Promise.all([long, short])
    expect(finished).toEqual(["short", "long"])
  })

  it("are refused when more texts wait than the limit, and served again afterwards", async () => {
    await using small = await openMiniLm({ signal, textsWaitingMax: 10 })
    await expect(
      small.embed(
        Array.from({ length: 11 }, () => "x"),
        signal,
      ),
    ).rejects.toMatchObject({ code: "queue_full" })
    const accepted = small.embed(
      Array.from({ length: 10 }, () => "x"),
      signal,
    )
    expect(await accepted).toHaveLength(10)
    expect(await small.embed(["x"], signal)).toHaveLength(1)
  })

  it("may give up, which frees their places and leaves the others alone", async () => {
    await using small = await openMiniLm({ signal, textsWaitingMax: 300 })
    const controller = new AbortController()
    const given = small.embed(
      Array.from({ length: 250 }, (_, i) => `given up ${i}`),
      controller.signal,
    )
    const kept = small.embed(["kept"], signal)
    controller.abort(new Error("the client left"))
    await expect(given).rejects.toThrow("the client left")
    expect(await kept).toHaveLength(1)
    expect(
      await small.embed(
        Array.from({ length: 250 }, () => "x"),
        signal,
      ),
    ).toHaveLength(250)
    await expect(small.embed(["x"], AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late")
  })
})

describe("the life of the model", () => {
  it("ends: what waits is rejected and later calls too", async () => {
    const closing = await openMiniLm({ signal })
    const waiting = closing.embed(
      Array.from({ length: 50 }, () => "waiting"),
      signal,
    )
    const outcome = waiting.catch((error: unknown) => error)
    await closing[Symbol.asyncDispose]()
    expect(await outcome).toMatchObject({ code: "closed" })
    await closing[Symbol.asyncDispose]()
    await expect(closing.embed(["x"], signal)).rejects.toMatchObject({ code: "closed" })
  })

  it("may be given up while it loads", async () => {
    const controller = new AbortController()
    const opening = openMiniLm({ signal: controller.signal })
    setTimeout(() => controller.abort(new Error("never mind")), 20)
    await expect(opening).rejects.toThrow("never mind")
  })

  it("has no thread before the first text", async () => {
    const workers: unknown[] = []
    const onWorker = (message: unknown): void => void workers.push(message)
    subscribe("worker_threads", onWorker)
    await using idle = await openMiniLm({ signal })
    expect(workers).toHaveLength(0)
    await idle.embed(["now"], signal)
    unsubscribe("worker_threads", onWorker)
    expect(workers).toHaveLength(1)
  })

  it("survives the death of its thread: the next call starts it again", async () => {
    const workers: Worker[] = []
    const onWorker = (message: unknown): void => void workers.push((message as { worker: Worker }).worker)
    subscribe("worker_threads", onWorker)
    await using mortal = await openMiniLm({ signal })
    await mortal.embed(["born"], signal)
    unsubscribe("worker_threads", onWorker)
    await workers[0]?.terminate()
    expect(await mortal.embed(["alive"], signal)).toEqual(await model.embed(["alive"], signal))
  })

  it("lets the process exit cleanly in the middle of its work", async () => {
    const program = `import { openMiniLm } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)}
      const model = await openMiniLm()
      await model.embed(["loaded"])
      void model.embed(Array.from({ length: 50 }, (_, i) => "long text ".repeat(100) + i)).catch(() => undefined)
      setTimeout(() => process.exit(7), 40)`
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program])
    await expect(run).rejects.toMatchObject({ code: 7, stderr: "" })
  })
})

it("is named by the hash of the weights that it ships", async () => {
  expect(weightsHash).toBe(
    createHash("sha256")
      .update(await readFile(join(modelDirectory, "model.onnx")))
      .digest("hex"),
  )
})

describe("files that are not the published ones", () => {
  it.each(["model.onnx", "tokenizer.json", "tokenizer_config.json"])("are refused by name and hash: %s", async (name) => {
    const directory = await mkdtemp(join(tmpdir(), "minilm-"))
    try {
      await cp(modelDirectory, directory, { recursive: true })
      await appendFile(join(directory, name), " ")
      const opening = openMiniLm({ signal, directory })
      await expect(opening).rejects.toMatchObject({ code: "hash_mismatch" })
      await expect(opening).rejects.toThrow(new RegExp(`${name}.*should be [0-9a-f]{64} but is [0-9a-f]{64}`))
      await rm(join(directory, name))
      await expect(openMiniLm({ signal, directory })).rejects.toMatchObject({ code: "file_missing" })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

describe("a machine on which the native library cannot be loaded", () => {
  it("gets an error that says so and what to do instead", async () => {
    const directory = await mkdtemp(join(tmpdir(), "minilm-"))
    try {
      await cp(import.meta.dirname, join(directory, "src"), { recursive: true })
      const tokenizers = dirname(dirname(fileURLToPath(import.meta.resolve("@huggingface/tokenizers"))))
      await cp(tokenizers, join(directory, "node_modules/@huggingface/tokenizers"), { recursive: true })
      const program = `import { openMiniLm } from "./src/index.ts"
        await openMiniLm({ directory: ${JSON.stringify(modelDirectory)} }).catch((error) => process.stdout.write(error.code + ": " + error.message))`
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd: directory })
      expect(stdout).toMatch(/^native_library: .*onnxruntime-node cannot be loaded on .*onnxruntime-web\) is not installed/)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
