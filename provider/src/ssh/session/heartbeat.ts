/** After so many beats without a sign of life the other end is lost. */
const patience = 3;

/** Asks the other end at every beat whether it is there, and says when it is not. */
export class Heartbeat {
  private readonly timer: NodeJS.Timeout;
  private missed = 0;

  constructor(everySeconds: number, { ask, lost }: { readonly ask: () => void; readonly lost: () => void }) {
    // Beats are counted, not seconds: where this process itself was held up, what has come is read first.
    this.timer = setInterval(() => {
      this.missed += 1;
      if (this.missed > patience) lost();
      else ask();
    }, everySeconds * 1000).unref();
  }

  /** Something came. */
  sign(): void {
    this.missed = 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
