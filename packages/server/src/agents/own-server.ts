// The name under which the tools of this process are offered and shown.

/** `tools: [{ type: "mcp", server_label: "perdure" }]` offers the tools that run in this process. */
export const ownServerLabel = "perdure"
