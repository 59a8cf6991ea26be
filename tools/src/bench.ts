import { ToolError } from "./errors.ts";

/** Measures the example cloud and returns an exit code. */
export async function bench(args: readonly string[]): Promise<number> {
  throw new ToolError(
    `\`npm run bench ${args.join(" ")}\` is not written yet. Type: npm run pulumi -- --help`,
  );
}
