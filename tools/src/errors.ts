/** A failure whose message is all the user needs: what is wrong and what to type next. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** A command of this machine ended with an exit code other than 0; the message holds the end of its output. */
export class ToolFailed extends ToolError {
  readonly argv: readonly string[];
  readonly exitCode: number | undefined;
  readonly output: string;

  constructor(failure: {
    argv: readonly string[];
    exitCode: number | undefined;
    output: string;
    cause?: unknown;
  }) {
    const ended =
      failure.exitCode === undefined ? "did not run to its end" : `failed with exit code ${failure.exitCode}`;
    super(`\`${failure.argv.join(" ")}\` ${ended}:\n${failure.output.trimEnd()}`, { cause: failure.cause });
    this.argv = failure.argv;
    this.exitCode = failure.exitCode;
    this.output = failure.output;
  }
}
