/** The connection ended, or the program at its other end; `running` tells whether the host may have begun what it was asked for. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  readonly running: boolean;
  constructor(running: boolean, options: ErrorOptions & { readonly problem?: string } = {}) {
    const { problem = "the connection was lost", ...rest } = options;
    super(problem, rest);
    this.running = running;
  }
}
