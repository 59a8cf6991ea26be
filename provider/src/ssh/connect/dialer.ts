import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { HostUnreachable } from "../../host-program/host.ts";
import { Connection } from "../connection/connection.ts";
import { DialFailed } from "./dial-problem.ts";
import { DialReport } from "./dial-report.ts";
import { authenticate, type Dial, openSocket } from "./dial.ts";
import type { Cancellation } from "../connection/cancellation.ts";
import type { InventoryHost } from "../../inventory/host.ts";
import type { Lease } from "../connection/link.ts";
import { type Limits, limitsFor } from "../pool-options.ts";
import { trace } from "../trace.ts";

const longestWaitMs = 15_000;

/** What a dialer needs of its pool. */
export interface DialerContext {
  readonly limits: Limits;
  readonly cancellation: Cancellation;
  readonly jump: (name: string) => Promise<Lease>;
  readonly dialled: (name: string) => void;
  readonly closed: () => boolean;
}

/** Opens connections, over jump hosts where an entry names one, and tries again where that may help. */
export class Dialer {
  private readonly context: DialerContext;

  constructor(context: DialerContext) {
    this.context = context;
  }

  /** Rejects with HostUnreachable or Interrupted. */
  async dial(entry: InventoryHost): Promise<Connection> {
    const { cancellation } = this.context;
    const limits = limitsFor(entry, this.context.limits);
    const report = new DialReport(entry, limits);
    try {
      return await this.dialRepeatedly({ entry, limits, signal: cancellation.signal }, report);
    } catch (error) {
      cancellation.check(entry.name);
      throw error;
    } finally {
      report.end();
    }
  }

  private async dialRepeatedly(dial: Dial, report: DialReport): Promise<Connection> {
    const { entry, limits, signal } = dial;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.dialOnce(dial);
      } catch (error) {
        if (!(error instanceof DialFailed)) throw error;
        if (!error.again || attempt >= limits.dialTries || this.context.closed()) {
          const tries = attempt > 1 ? ` (tried ${attempt} times)` : "";
          throw new HostUnreachable(entry.name, error.message + tries, { cause: error });
        }
        report.again(error.message);
      }
      const waitMs = Math.min(limits.dialWaitSeconds * 1000 * 2 ** (attempt - 1), longestWaitMs);
      await delay(waitMs, undefined, { signal });
    }
  }

  private async dialOnce(dial: Dial): Promise<Connection> {
    const { entry, limits } = dial;
    const { dialled } = this.context;
    const jump =
      entry.jumpHost === undefined ? undefined : await this.acquireJump(entry.name, entry.jumpHost);
    const began = performance.now();
    let ok = false;
    try {
      dialled(entry.name);
      const socket = jump === undefined ? await openSocket(dial) : await forward(dial, jump);
      const client = await authenticate(dial, socket);
      ok = true;
      const connection = new Connection({
        ...{ host: entry.name, client, socket, refusalSeconds: limits.refusalSeconds },
      });
      void connection.ended.then(() => jump?.release());
      return connection;
    } finally {
      if (!ok) jump?.release();
      const ms = Math.round(performance.now() - began);
      trace(limits.environment, { event: "dial", host: entry.name, ms, ok });
    }
  }

  private async acquireJump(name: string, jumpHost: string): Promise<Lease> {
    const { cancellation, jump } = this.context;
    try {
      return await jump(jumpHost);
    } catch (error) {
      cancellation.check(name);
      const reason = error instanceof Error ? error.message : String(error);
      throw new HostUnreachable(name, `its jump host cannot be used: ${reason}`, { cause: error });
    }
  }
}

async function forward({ entry, limits }: Dial, jump: Lease): Promise<Duplex> {
  const { address, port, jumpHost = "" } = entry;
  try {
    return await jump.connection.forward({ address, port, limitSeconds: limits.dialSeconds });
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace("(SSH) Channel open failure: ", "") : String(error);
    const forbidden = /prohibited|open failed/.test(reason);
    const advice = forbidden ? `; check AllowTcpForwarding and permitopen on ${jumpHost}` : "";
    const problem = `its jump host ${jumpHost} cannot connect to ${address} port ${port}: ${reason}${advice}`;
    throw new DialFailed(problem, { again: !forbidden, cause: error });
  }
}
