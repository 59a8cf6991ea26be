import type { Benchmark } from "./context.ts";
import { benchmarkCreate } from "./create.ts";
import { benchmarkMemory } from "./memory.ts";
import { benchmarkPreview } from "./preview.ts";
import { benchmarkRefresh } from "./refresh.ts";
import { benchmarkUp } from "./up.ts";

/** All benchmarks by name. */
export const benchmarks: ReadonlyMap<string, Benchmark> = new Map([
  ["up", benchmarkUp],
  ["memory", benchmarkMemory],
  ["refresh", benchmarkRefresh],
  ["preview", benchmarkPreview],
  ["create", benchmarkCreate],
]);
