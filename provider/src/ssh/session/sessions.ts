import { starter } from "../../host-program/bundle.ts";
import { HostUnreachable } from "../../host-program/host.ts";
import { variableIn } from "../../inventory/fields.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import type { Cancellation } from "../connection/cancellation.ts";
import type { Connection } from "../connection/connection.ts";
import { type Failure, throwRemembered } from "../connection/remembered.ts";
import { type Limits, limitsFor } from "../pool-options.ts";
import { Command } from "./command.ts";
import { commandLine } from "./command-line.ts";
import type { Machines } from "./machines.ts";
import { installPython, type PythonContext, pythonProblem } from "./python.ts";
import { Session } from "./session.ts";
import { NoPython, NotStarted } from "./session-end.ts";

interface SessionsContext {
  readonly limits: Limits;
  readonly cancellation: Cancellation;
  readonly machines: Machines;
}

interface Shared {
  readonly opening: Promise<Session>;
  session?: Session;
  failure?: Failure;
}

/** The one session of each connection: opened on first use, shared by all, opened again when it has ended. */
export class Sessions {
  private readonly context: SessionsContext;
  private readonly shared = new WeakMap<Connection, Shared>();

  constructor(context: SessionsContext) {
    this.context = context;
  }

  /** Rejects with HostUnreachable, ConnectionLost or Interrupted. */
  async on(connection: Connection, entry: InventoryHost): Promise<Session> {
    const before = this.shared.get(connection);
    if (before !== undefined && before.failure === undefined && before.session?.usable !== false)
      return before.opening;
    throwRemembered(entry.name, before?.failure, this.context.limits.unreachableSeconds);
    const shared: Shared = { opening: this.open(connection, entry) };
    this.shared.set(connection, shared);
    shared.opening.then(
      (session) => (shared.session = session),
      (error: unknown) => (shared.failure = { error, at: performance.now() }),
    );
    return shared.opening;
  }

  private async open(connection: Connection, entry: InventoryHost): Promise<Session> {
    const { cancellation } = this.context;
    const limits = limitsFor(entry, this.context.limits);
    const password = passwordOf(entry, limits.environment);
    const start = async (command: string): Promise<Command> =>
      new Command(await connection.execute(commandLine(entry, command)), {
        ...{ entry, lingerSeconds: limits.lingerSeconds },
        ...(password !== undefined && { password }),
      });
    const begin = async (): Promise<Session> => {
      const abandon = (): void => {
        connection.abandon();
      };
      const session = new Session(await start(starter), { entry, limits, cancellation, abandon });
      this.context.machines.meet(entry.name, (await session.ready).machine);
      return session;
    };
    return beginWithPython(begin, { entry, limits, signal: cancellation.signal, start });
  }
}

async function beginWithPython(begin: () => Promise<Session>, context: PythonContext): Promise<Session> {
  const { name } = context.entry;
  try {
    return await begin();
  } catch (error) {
    if (error instanceof NotStarted) {
      const problem = await pythonProblem(context);
      throw problem === undefined ? error : new HostUnreachable(name, problem, { cause: error });
    }
    if (!(error instanceof NoPython)) throw error;
  }
  await installPython(context);
  return begin();
}

function passwordOf(
  { name, become, sudoPasswordEnv, user }: InventoryHost,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (become === "none" || sudoPasswordEnv === undefined) return undefined;
  const password = environment[sudoPasswordEnv];
  if (password !== undefined) return password;
  const advice = `set it to the password of ${user} for sudo`;
  const variable = variableIn("sudoPasswordEnv", sudoPasswordEnv);
  throw new HostUnreachable(name, `the environment variable ${variable} is not set; ${advice}`);
}
