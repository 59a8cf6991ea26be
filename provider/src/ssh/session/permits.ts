interface Waiting {
  readonly grant: () => void;
  readonly refuse: (error: Error) => void;
}

/** Lets only so many requests be under way at once; who comes first is served first. */
export class Permits {
  private free: number;
  private readonly waiting: Waiting[] = [];
  private closedBy: Error | undefined;

  constructor(limit: number) {
    this.free = limit;
  }

  /** Waits for one; rejects when they are closed first. */
  async take(): Promise<void> {
    if (this.closedBy !== undefined) throw this.closedBy;
    if (this.free > 0) this.free -= 1;
    else
      await new Promise<void>((grant, refuse) => {
        this.waiting.push({ grant, refuse });
      });
  }

  /** Gives it back, to who waits longest. */
  giveBack(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next.grant();
  }

  /** Sends everybody away who waits, now and later. */
  close(error: Error): void {
    this.closedBy ??= error;
    for (const { refuse } of this.waiting.splice(0)) refuse(error);
  }
}
