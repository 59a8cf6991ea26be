/** Lets only so many channels be open at once on a connection; who comes first is served first. */
export class ChannelSlots {
  private limit: number;
  private inUse = 0;
  private waiting: { readonly grant: () => void; readonly refuse: (error: Error) => void }[] = [];
  private closedBy: Error | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Waits for a slot; `again` goes ahead of the others. Rejects when the connection ends first. */
  async take(again = false): Promise<void> {
    if (this.closedBy !== undefined) throw this.closedBy;
    if (this.inUse < this.limit && (again || this.waiting.length === 0)) {
      this.inUse += 1;
      return;
    }
    await new Promise<void>((grant, refuse) => {
      if (again) this.waiting.unshift({ grant, refuse });
      else this.waiting.push({ grant, refuse });
    });
  }

  /** Gives a slot back, to who waits longest unless `pass` is false. */
  free(pass = true): void {
    this.inUse -= 1;
    if (pass) this.serve();
  }

  /**
   * Gives a slot back that the server did not grant, and takes what others have in use as the new limit. Does nothing and is
   * false when nobody else has one.
   */
  lower(): boolean {
    if (this.inUse <= 1) return false;
    this.inUse -= 1;
    this.limit = Math.min(this.limit, this.inUse);
    return true;
  }

  /** Sends everybody away who waits, now and later. */
  close(error: Error): void {
    this.closedBy = error;
    for (const { refuse } of this.waiting.splice(0)) refuse(error);
  }

  private serve(): void {
    while (this.inUse < this.limit) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.inUse += 1;
      next.grant();
    }
  }
}
