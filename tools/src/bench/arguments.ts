import { parseArgs } from "node:util";
import { ToolError } from "../errors.ts";

/** What `npm run bench` was asked for. */
export interface BenchArguments {
  /** Names of benchmarks, each once, in the order given. */
  readonly names: readonly string[];
  /** How often each comparison is made. */
  readonly runs: number;
  /** Where the report goes beside the terminal. */
  readonly json: string | undefined;
}

/** Parses `NAME... [--json FILE] [--runs N]`; throws ToolError with what was expected, and which names there are. */
export function parseBenchArguments(args: readonly string[], known: readonly string[]): BenchArguments {
  const { positionals, values } = parse(args, known);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (positionals.length === 0) throw new ToolError(`No benchmark was named. ${usage(known)}`);
  if (unknown.length > 0) throw new ToolError(`"${unknown.join('", "')}" is no benchmark. ${usage(known)}`);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new ToolError(`--runs is "${values.runs}"; expected a whole number, 1 or more. ${usage(known)}`);
  }
  return { names: [...new Set(positionals)], runs, json: values.json };
}

function parse(
  args: readonly string[],
  known: readonly string[],
): { positionals: string[]; values: { runs: string; json?: string | undefined } } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: "string" }, runs: { type: "string", default: "1" } },
    });
  } catch (error) {
    throw new ToolError(`${error instanceof Error ? error.message : String(error)}. ${usage(known)}`);
  }
}

function usage(known: readonly string[]): string {
  return `Type: npm run bench -- NAME... [--json FILE] [--runs N]\nNAME is one of: ${known.join(", ")}`;
}
