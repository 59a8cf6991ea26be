import { titleOf } from "../artifacts/artifact.ts";
import { isInterruption, type Plan, type PlanStep } from "./plan.ts";

/** The plan in lines for a person. */
export function planLines({ host, label, steps, kept }: Plan): string[] {
  const lines = steps.flatMap(lineOf);
  return [
    `${host}: ${label}:${lines.length === 0 ? " nothing to do" : ""}`,
    ...lines,
    ...kept.map((place) => `keep the data in ${place}`),
  ];
}

function lineOf(step: PlanStep): string[] {
  switch (step.do) {
    case "require":
      return [`only if: ${step.condition.what}`];
    case "wait":
      return [`wait for ${step.condition.what}, at most ${String(step.condition.seconds)} s`];
    case "mark":
      return [];
    case "unmark":
      return ["remove its ownership marker"];
    case "remove":
      return [`remove ${titleOf(step.artifact)}: ${step.why}`];
    case "apply":
      return [`${isInterruption(step) ? "restart" : "make"} ${titleOf(step.artifact)}: ${step.why}`];
  }
}
