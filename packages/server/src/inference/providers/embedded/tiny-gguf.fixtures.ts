// Writes a llama model of two layers with random weights as a GGUF file: real enough for llama.cpp to load, small enough for a test.

const width = 64
const hidden = 128
const layers = 2
const heads = 4
const contextTokens = 2_048
const types = { uint32: 4, float32: 6, string: 8, array: 9, int32: 5 } as const

/** About 600 kB. The same bytes every time. */
export function tinyGguf(): Uint8Array {
  const tokens = vocabulary()
  const tensors = tensorsOf(tokens.length)
  const head = [text("GGUF"), uint32(3), uint64(tensors.length)]
  const pairs = metadata(tokens)
  let offset = 0
  const infos = tensors.map(({ name, shape }) => {
    const info = Buffer.concat([string(name), uint32(shape.length), ...shape.map(uint64), uint32(0), uint64(offset)])
    offset += padded(4 * shape.reduce((a, b) => a * b, 1))
    return info
  })
  const start = Buffer.concat([...head, uint64(pairs.length), ...pairs, ...infos])
  const padding = Buffer.alloc(padded(start.length) - start.length)
  return Buffer.concat([start, padding, ...tensors.map(({ values }) => aligned(values))])
}

function metadata(tokens: readonly { text: string; type: number }[]): Buffer[] {
  const template =
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '</s>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
  return [
    pair("general.architecture", types.string, string("llama")),
    pair("general.name", types.string, string("tiny")),
    pair("llama.context_length", types.uint32, uint32(contextTokens)),
    pair("llama.embedding_length", types.uint32, uint32(width)),
    pair("llama.block_count", types.uint32, uint32(layers)),
    pair("llama.feed_forward_length", types.uint32, uint32(hidden)),
    pair("llama.attention.head_count", types.uint32, uint32(heads)),
    pair("llama.attention.head_count_kv", types.uint32, uint32(heads)),
    pair("llama.rope.dimension_count", types.uint32, uint32(width / heads)),
    pair("llama.attention.layer_norm_rms_epsilon", types.float32, float32(1e-5)),
    pair("tokenizer.ggml.model", types.string, string("llama")),
    pair(
      "tokenizer.ggml.tokens",
      types.array,
      array(
        types.string,
        tokens.map(({ text }) => string(text)),
      ),
    ),
    pair(
      "tokenizer.ggml.scores",
      types.array,
      array(
        types.float32,
        tokens.map(() => float32(0)),
      ),
    ),
    pair(
      "tokenizer.ggml.token_type",
      types.array,
      array(
        types.int32,
        tokens.map(({ type }) => uint32(type)),
      ),
    ),
    pair("tokenizer.ggml.bos_token_id", types.uint32, uint32(1)),
    pair("tokenizer.ggml.eos_token_id", types.uint32, uint32(2)),
    pair("tokenizer.ggml.unknown_token_id", types.uint32, uint32(0)),
    pair("tokenizer.chat_template", types.string, string(template)),
  ]
}

/** Unknown, begin, end, all bytes, then plain characters. */
function vocabulary(): { text: string; type: number }[] {
  const bytes = Array.from({ length: 256 }, (_, i) => ({ text: `<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`, type: 6 }))
  const plain = '▁abcdefghijklmnopqrstuvwxyz0123456789{}[]:,."'.split("").map((each) => ({ text: each, type: 1 }))
  return [{ text: "<unk>", type: 2 }, { text: "<s>", type: 3 }, { text: "</s>", type: 3 }, ...bytes, ...plain]
}

function tensorsOf(tokens: number): { name: string; shape: number[]; values: Float32Array }[] {
  const random = randomNumbers(7)
  const matrix = (name: string, inputs: number, outputs: number): { name: string; shape: number[]; values: Float32Array } => ({
    name: `${name}.weight`,
    shape: [inputs, outputs],
    values: Float32Array.from({ length: inputs * outputs }, () => random() / Math.sqrt(inputs)),
  })
  const ones = (name: string): { name: string; shape: number[]; values: Float32Array } => ({
    name: `${name}.weight`,
    shape: [width],
    values: new Float32Array(width).fill(1),
  })
  const output = matrix("output", width, tokens)
  // Random weights would soon reach the end of text or bytes that are no characters: plain ones win against a score of zero.
  output.values.fill(0, 0, 259 * width)
  return [
    matrix("token_embd", width, tokens),
    ones("output_norm"),
    output,
    ...Array.from({ length: layers }, (_, i) => [
      ones(`blk.${i}.attn_norm`),
      ...["attn_q", "attn_k", "attn_v", "attn_output"].map((name) => matrix(`blk.${i}.${name}`, width, width)),
      ones(`blk.${i}.ffn_norm`),
      matrix(`blk.${i}.ffn_gate`, width, hidden),
      matrix(`blk.${i}.ffn_up`, width, hidden),
      matrix(`blk.${i}.ffn_down`, hidden, width),
    ]).flat(),
  ]
}

/** Between -2 and 2; a linear congruential generator, so that every run writes the same file. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 30 - 2
  }
}

function pair(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([string(key), uint32(type), value])
}

function array(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(type), uint64(items.length), ...items])
}

function string(value: string): Buffer {
  const bytes = text(value)
  return Buffer.concat([uint64(bytes.length), bytes])
}

function text(value: string): Buffer {
  return Buffer.from(value, "utf8")
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt(value))
  return buffer
}

function float32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeFloatLE(value)
  return buffer
}

function padded(length: number): number {
  return Math.ceil(length / 32) * 32
}

function aligned(values: Float32Array): Buffer {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)])
}
