/** Where the command line writes: results to standard output, progress and errors to standard error. */
export interface Reporter {
  readonly result: (line: string) => void;
  readonly progress: (line: string) => void;
}

/** The reporter of a terminal. */
export const terminal: Reporter = {
  result: (line) => void process.stdout.write(`${line}\n`),
  progress: (line) => void process.stderr.write(`${line}\n`),
};

/** Rows of words as lines, each column as wide as its widest word. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((word, column) => word.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
