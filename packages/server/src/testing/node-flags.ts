// The flags of Node in tests, for the workers and for the processes that they start.

/**
 * The embedded database's code is compiled once, quickly, and not anew for speed: that takes two thirds of what it costs to open one,
 * and a process of a test is over before it pays.
 */
export const nodeFlags = ["--liftoff-only"]
