import type { Connection } from "./connection.ts";
import type { Failure } from "./remembered.ts";

/** A connection that stays open at least until it is released. */
export interface Lease {
  readonly connection: Connection;
  release(): void;
}

/** The place of one host's connection in the pool: counts who uses it and closes it when nobody has for a while. */
export class Link {
  readonly key: string;
  private readonly opening: Promise<Connection>;
  private readonly idleSeconds: number;
  private connection: Connection | undefined;
  private users = 0;
  private ended = false;
  private retired = false;
  private idleTimer: NodeJS.Timeout | undefined;
  /** Why it could not be opened, and when that was found. */
  failure: Failure | undefined;

  constructor(key: string, opening: Promise<Connection>, idleSeconds: number) {
    this.key = key;
    this.opening = opening;
    this.idleSeconds = idleSeconds;
    const end = (): void => {
      this.ended = true;
      clearTimeout(this.idleTimer);
    };
    opening.then(
      async (connection) => {
        this.connection = connection;
        await connection.ended.then(end);
      },
      (error: unknown) => {
        this.failure = { error, at: performance.now() };
        end();
      },
    );
  }

  /** False once its connection has ended, or could not be opened. */
  get usable(): boolean {
    return !this.ended && this.connection?.usable !== false;
  }

  /** Waits for the connection and keeps it open until released. */
  async acquire(): Promise<Lease> {
    this.users += 1;
    clearTimeout(this.idleTimer);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      this.users -= 1;
      this.rest();
    };
    try {
      return { connection: await this.opening, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Close as soon as nobody uses it. */
  retire(): void {
    this.retired = true;
    this.rest();
  }

  /** Close now. */
  async close(): Promise<void> {
    this.ended = true;
    clearTimeout(this.idleTimer);
    const connection = await this.opening.catch(() => undefined);
    await connection?.close();
  }

  private rest(): void {
    if (this.users > 0 || this.ended) return;
    clearTimeout(this.idleTimer);
    const afterMs = this.retired ? 0 : this.idleSeconds * 1000;
    this.idleTimer = setTimeout(() => void this.close(), afterMs).unref();
  }
}
