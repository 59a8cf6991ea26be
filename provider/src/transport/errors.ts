/** A script was ended by us, for a reason that is in the message: its time limit, its output's size, or what feeds it failed. */
export class ScriptAborted extends Error {
  override readonly name = "ScriptAborted";
  readonly host: string;
  constructor(host: string, problem: string, options?: ErrorOptions) {
    super(`${host}: ${problem}`, options);
    this.host = host;
  }
}

/** The connection ended; `running` tells whether the server may have begun to run the script. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  readonly running: boolean;
  constructor(running: boolean, options?: ErrorOptions) {
    super("the connection was lost", options);
    this.running = running;
  }
}
