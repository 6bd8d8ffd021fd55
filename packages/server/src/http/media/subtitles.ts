// Segments of a transcript as subtitles, in the two forms that players read.
import type { Transcript } from "../../inference/index.ts"

export function subtitlesOf(format: "srt" | "vtt", segments: NonNullable<Transcript["segments"]>): string {
  const cues = segments.map(({ text, startSeconds, endSeconds }, index) => {
    const times = `${timeOf(startSeconds, format)} --> ${timeOf(endSeconds, format)}`
    return `${format === "srt" ? `${index + 1}\n` : ""}${times}\n${text.trim()}\n`
  })
  return (format === "vtt" ? ["WEBVTT\n", ...cues] : cues).join("\n")
}

/** `00:01:02,345`; with a point in WebVTT. */
function timeOf(seconds: number, format: "srt" | "vtt"): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const two = (count: number): string => String(count).padStart(2, "0")
  const [hours, minutes, rest] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
  return `${two(hours)}:${two(minutes)}:${two(rest)}${format === "srt" ? "," : "."}${String(ms % 1000).padStart(3, "0")}`
}
