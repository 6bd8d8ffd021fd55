// Lanes: the kinds of text that are indexed and searched apart, each with statistics of its own.

export const lanes = ["user", "assistant", "tool", "fact", "summary", "document"] as const
export type Lane = (typeof lanes)[number]
