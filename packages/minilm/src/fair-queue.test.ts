// Tests of the order in which passages reach the model.
import { expect, it } from "vitest"
import { FairQueue, type PassageRequest } from "./fair-queue.ts"

interface Named extends PassageRequest {
  name: string
}

function request(name: string, count: number, isUrgent = false): Named {
  return { name, isUrgent, taken: 0, passages: Array.from({ length: count }, (_, index) => ({ text: `${name}${index}` })) }
}

function takenOf(queue: FairQueue<Named>): string[] {
  const taken: string[] = []
  for (let next = queue.take(); next !== undefined; next = queue.take()) taken.push(next.passage.text)
  return taken
}

it("takes requests in turn, and bounds what waits", () => {
  const queue = new FairQueue<Named>(5)
  expect([queue.add(request("a", 3)), queue.add(request("b", 2)), queue.add(request("c", 1))]).toEqual([true, true, false])
  expect(takenOf(queue)).toEqual(["a0", "b0", "a1", "b1", "a2"])
  expect(queue.waiting).toBe(0)
})

it("takes first what somebody waits for, and lets the others come to their end all the same", () => {
  const queue = new FairQueue<Named>(100)
  queue.add(request("index", 3))
  for (let number = 0; number < 9; number++) queue.add(request(`q${number}-`, 1, true))
  expect(takenOf(queue)).toEqual(["q0-0", "q1-0", "q2-0", "q3-0", "index0", "q4-0", "q5-0", "q6-0", "q7-0", "index1", "q8-0", "index2"])
})

it("forgets what nobody waits for any more, of either kind", () => {
  const queue = new FairQueue<Named>(100)
  const [question, list] = [request("q", 1, true), request("list", 4)]
  for (const each of [question, list]) queue.add(each)
  expect(queue.take()?.passage.text).toBe("q0")
  queue.take()
  queue.remove(list)
  expect([queue.waiting, queue.take()]).toEqual([0, undefined])
  queue.add(request("again", 1, true))
  queue.add(request("more", 2))
  expect(queue.clear().map(({ name }) => name)).toEqual(["again", "more"])
  expect(queue.waiting).toBe(0)
})
