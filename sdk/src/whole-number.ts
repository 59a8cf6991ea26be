import * as pulumi from "@pulumi/pulumi";

interface Given {
  /** The component, as the program names it. */
  readonly component: string;
  readonly field: string;
  readonly value: number;
  readonly max?: number;
}

/** Stops the program unless a component's argument is a whole number of at least one; `max` is how many there can be. */
export function expectWholeNumber({ component, field, value, max = Infinity }: Given): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  const range = max === Infinity ? "1 or more" : `1 to ${String(max)}`;
  throw new pulumi.RunError(
    `${component}: ${field} is ${JSON.stringify(value)}; expected a whole number, ${range}`,
  );
}
