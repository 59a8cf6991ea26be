import { parseBenchArguments } from "./bench/arguments.ts";
import { openContext } from "./bench/context.ts";
import { renderFigure, type Figure } from "./bench/figure.ts";
import { benchmarks } from "./bench/registry.ts";
import { circumstances, reportOf, writeReport } from "./bench/report.ts";

/** Measures the example cloud and tells the figures; returns 0 also where a goal is missed, and rejects when something could not be measured. */
export async function bench(args: readonly string[]): Promise<number> {
  const { names, runs, json } = parseBenchArguments(args, [...benchmarks.keys()]);
  const at = circumstances();
  const session = openContext(runs);
  const figures: Figure[] = [];
  try {
    for (const name of names) {
      const measured = (await benchmarks.get(name)?.(session.context)) ?? [];
      for (const figure of measured) process.stdout.write(`${renderFigure(figure)}\n`);
      figures.push(...measured);
      if (json !== undefined) await writeReport(json, reportOf(at, figures));
    }
  } finally {
    await session.close();
  }
  return 0;
}
