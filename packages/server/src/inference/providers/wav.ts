// A WAV file around samples of one channel, 16 bits each, little end first.

export function wavOf(samples: Buffer, samplesPerSecond: number): Buffer {
  const head = Buffer.alloc(44)
  head.write("RIFF", 0, "latin1")
  head.writeUInt32LE(36 + samples.length, 4)
  head.write("WAVEfmt ", 8, "latin1")
  head.writeUInt32LE(16, 16) // size of what describes the samples
  head.writeUInt16LE(1, 20) // samples as they are
  head.writeUInt16LE(1, 22) // channels
  head.writeUInt32LE(samplesPerSecond, 24)
  head.writeUInt32LE(samplesPerSecond * 2, 28)
  head.writeUInt16LE(2, 32) // bytes of a sample
  head.writeUInt16LE(16, 34) // bits of a sample
  head.write("data", 36, "latin1")
  head.writeUInt32LE(samples.length, 40)
  return Buffer.concat([head, samples])
}
