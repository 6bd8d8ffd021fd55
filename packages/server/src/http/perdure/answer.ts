// JSON answers of Perdure's own API, without Hono's type arithmetic, which is costly on recursive JSON types.

export function answer(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  })
}
