import type { Benchmark } from "./context.ts";
import { benchmarkMemory } from "./memory.ts";
import { benchmarkUp } from "./up.ts";

/** All benchmarks by name. */
export const benchmarks: ReadonlyMap<string, Benchmark> = new Map([
  ["up", benchmarkUp],
  ["memory", benchmarkMemory],
]);
