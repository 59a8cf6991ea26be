/** The smallest of some numbers; throws when there are none. */
export function minimum(values: readonly number[]): number {
  return at(sorted(values), 0);
}

/** The largest of some numbers; throws when there are none. */
export function maximum(values: readonly number[]): number {
  return at(sorted(values), values.length - 1);
}

/** The middle one of some numbers, or the mean of the two in the middle; throws when there are none. */
export function median(values: readonly number[]): number {
  const order = sorted(values);
  const half = order.length / 2;
  return (at(order, Math.ceil(half) - 1) + at(order, Math.floor(half))) / 2;
}

/** Their sum; 0 when there are none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError("there are no values");
  return value;
}
