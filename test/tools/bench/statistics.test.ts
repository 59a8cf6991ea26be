import { describe, expect, it } from "vitest";
import { maximum, median, minimum, sum } from "../../../tools/src/bench/statistics.ts";

describe("statistics", () => {
  it("order numbers as numbers", () => {
    expect(minimum([10, 9, 100])).toBe(9);
    expect(median([10, 9, 100])).toBe(10);
    expect(maximum([10, 9, 100])).toBe(100);
  });

  it("take the mean of the two in the middle", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it("refuse to say anything about nothing, but for its sum", () => {
    expect(() => median([])).toThrow("there are no values");
    expect(() => maximum([])).toThrow("there are no values");
    expect(sum([])).toBe(0);
    expect(sum([1, 2.5])).toBe(3.5);
  });
});
