import { maximum, median, minimum } from "./statistics.ts";

/** What a figure is to reach. */
export type Goal =
  | { readonly kind: "at most"; readonly value: number }
  | { readonly kind: "at least"; readonly value: number }
  | { readonly kind: "under"; readonly value: number }
  | { readonly kind: "exactly"; readonly value: number };

/** One measured number; of several runs, their median. */
export interface Figure {
  /** Dotted, from the general to the particular: "up.pulumi.packages". */
  readonly name: string;
  readonly value: number;
  /** Empty for a ratio or a count. */
  readonly unit: string;
  readonly goal?: Goal;
  /** The value of each run, in their order; left out where there was one measurement. */
  readonly runs?: readonly number[];
}

/** A figure as it stands in a report. */
export interface FigureEntry {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string | null;
  readonly met: boolean | null;
  readonly runs?: readonly number[];
}

/** Makes one figure of the values that several runs had for it. */
export function figureOfRuns(
  name: string,
  runs: readonly number[],
  { unit = "", goal }: FigureOptions = {},
): Figure {
  const figure = { name, value: median(runs), unit, ...(goal && { goal }) };
  return runs.length > 1 ? { ...figure, runs } : figure;
}

/** How many times as long one way took as the other, which took its turn with it: run by run, not median by median. */
export function ratioOfRuns(
  name: string,
  [one, other]: readonly [readonly Timed[], readonly Timed[]],
  options: FigureOptions = {},
): Figure {
  const ratios = one.map(({ seconds }, run) => seconds / (other[run]?.seconds ?? NaN));
  return figureOfRuns(name, ratios, options);
}

interface Timed {
  readonly seconds: number;
}

interface FigureOptions {
  readonly unit?: string;
  readonly goal?: Goal;
}

/** Whether a figure reaches its goal; undefined without one. */
export function isMet({ value, goal }: Figure): boolean | undefined {
  switch (goal?.kind) {
    case undefined:
      return undefined;
    case "at most":
      return value <= goal.value;
    case "at least":
      return value >= goal.value;
    case "under":
      return value < goal.value;
    case "exactly":
      return value === goal.value;
  }
}

/** A figure for the JSON report, rounded to what is printed. */
export function entryOf(figure: Figure): FigureEntry {
  const { name, value, unit, goal, runs } = figure;
  return {
    name,
    value: rounded(value),
    unit,
    goal: goal === undefined ? null : renderGoal(goal, unit),
    met: isMet(figure) ?? null,
    ...(runs && { runs: runs.map(rounded) }),
  };
}

/** One line for a person: `up.ratio: 1.21 (goal: at most 1.5, met); 3 runs: minimum 1.1, median 1.21, maximum 1.4`. */
export function renderFigure(figure: Figure): string {
  const { name, value, unit, goal, runs } = figure;
  const aim = goal && ` (goal: ${renderGoal(goal, unit)}, ${isMet(figure) === true ? "met" : "missed"})`;
  return `${name}: ${withUnit(value, unit)}${aim ?? ""}${runs ? renderRuns(runs) : ""}`;
}

function renderRuns(runs: readonly number[]): string {
  const [least, middle, most] = [minimum(runs), median(runs), maximum(runs)].map(rounded);
  return `; ${runs.length} runs: minimum ${String(least)}, median ${String(middle)}, maximum ${String(most)}`;
}

function renderGoal({ kind, value }: Goal, unit: string): string {
  return kind === "exactly" ? withUnit(value, unit) : `${kind} ${withUnit(value, unit)}`;
}

function withUnit(value: number, unit: string): string {
  return unit === "" ? String(rounded(value)) : `${rounded(value)} ${unit}`;
}

/** Three digits are more than a measurement here is good for, but large numbers keep what is before the point. */
function rounded(value: number): number {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number(value.toFixed(digits));
}
