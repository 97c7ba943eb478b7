import { describe, expect, it } from "vitest";
import { AsyncQueue, QueueOverflowError } from "../../src/common/async-queue.ts";

async function taken<T>(queue: AsyncQueue<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

describe("The bounded queue between the stack and the program", () => {
  it("gives values in order, to those who waited first", async () => {
    const queue = new AsyncQueue<number>(4, "fail");
    const waiting = [queue.next(), queue.next()];
    for (const value of [1, 2, 3, 4]) queue.push(value);
    const results = await Promise.all([...waiting, queue.next(), queue.next()]);
    expect(results.map(({ value }) => value)).toEqual([1, 2, 3, 4]);
  });

  it("drops the oldest when it is to, and counts", async () => {
    const queue = new AsyncQueue<number>(2, "dropOldest");
    for (const value of [1, 2, 3, 4, 5]) queue.push(value);
    expect(queue.dropped).toBe(3);
    queue.end();
    expect(await taken(queue)).toEqual([4, 5]);
  });

  it("fails when it is to: what waited is still given, then the error, once", async () => {
    const queue = new AsyncQueue<number>(2, "fail");
    for (const value of [1, 2, 3, 4]) queue.push(value);
    expect([queue.ended, queue.dropped]).toEqual([true, 1]);
    expect([(await queue.next()).value, (await queue.next()).value]).toEqual([1, 2]);
    await expect(queue.next()).rejects.toThrow(QueueOverflowError);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it("does not overflow while somebody waits", async () => {
    const queue = new AsyncQueue<number>(1, "fail");
    const waiting = [queue.next(), queue.next(), queue.next()];
    for (const value of [1, 2, 3, 4]) queue.push(value);
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect([queue.ended, queue.dropped]).toEqual([false, 0]);
  });

  it("ends after the values that wait, and takes no more", async () => {
    const queue = new AsyncQueue<number>(4, "fail");
    queue.push(1);
    queue.end();
    queue.push(2);
    queue.end(new Error("too late"));
    expect(await taken(queue)).toEqual([1]);
  });

  it("tells its error to one of those who wait, and the end to the others", async () => {
    const queue = new AsyncQueue<number>(4, "fail");
    const waiting = [queue.next(), queue.next()];
    queue.end(new Error("the link was lost"));
    const [first, second] = await Promise.allSettled(waiting);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "the link was lost" } });
    expect(second).toMatchObject({ status: "fulfilled", value: { done: true } });
  });

  it("gives whatever it was ended with, also what is no Error", async () => {
    const queue = new AsyncQueue<number>(1, "fail");
    queue.end("reason");
    await expect(queue.next()).rejects.toBe("reason");
  });

  it("forgets what waits when the program stops iterating, and says so once", async () => {
    let returns = 0;
    const queue = new AsyncQueue<number>(4, "fail", () => returns++);
    for (const value of [1, 2, 3]) queue.push(value);
    for await (const value of queue) if (value === 1) break;
    expect([queue.ended, returns]).toEqual([true, 1]);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    await queue.return();
    queue.end();
    expect(returns).toBe(1);
  });

  it("says so once, too, when it ends by itself", async () => {
    let returns = 0;
    const queue = new AsyncQueue<number>(4, "fail", () => returns++);
    queue.end(new Error("lost"));
    await expect(taken(queue)).rejects.toThrow("lost");
    expect(returns).toBe(1);
  });

  it("keeps an error from nobody who returned", async () => {
    const queue = new AsyncQueue<number>(4, "fail");
    queue.end(new Error("lost"));
    await queue.return();
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it("releases whoever waits when the program returns", async () => {
    const queue = new AsyncQueue<number>(4, "fail");
    const waiting = queue.next();
    await queue.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it.each([null, 0, "", new Error("why")])("ends at once with %s, and forgets what waits", async (reason) => {
    let returns = 0;
    const queue = new AsyncQueue<number>(4, "fail", () => returns++);
    queue.push(1);
    queue.abort(reason);
    queue.push(2);
    await expect(queue.next()).rejects.toBe(reason);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    expect(returns).toBe(1);
  });
});
