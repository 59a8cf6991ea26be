import type { Client, ClientChannel } from "ssh2";

/**
 * Reads "limit" from standard input, then a byte for each sign of life. When none came for so long, the network is gone and
 * nobody told sshd: ends the sshd of this connection, our parent, so that every script's watch sees its outputs closed.
 */
const watch = [
  `IFS=" " read -r l || exit`,
  `while :; do b=$(timeout "$l" head -c 1); case $?$b in 0.) ;; 124) kill $PPID; exit;; *) exit;; esac; done`,
].join("; ");

const command = `exec sh -c '${watch}'`;

/** Sends signs of life over a channel of its own, so that what runs on a host does not outlive the way to it for long. */
export class Lifeline {
  private readonly client: Client;
  private readonly everySeconds: number;
  private begun = false;
  private channel: ClientChannel | undefined;

  constructor(client: Client, everySeconds: number) {
    this.client = client;
    this.everySeconds = everySeconds;
  }

  /** Does nothing when it has begun before; a server that does not allow it goes without. */
  begin(): void {
    if (this.begun) return;
    this.begun = true;
    try {
      this.client.exec(command, (error, channel) => {
        if (error === undefined) this.beat(channel);
      });
    } catch {
      // The connection has just ended, and what runs on it with it.
    }
  }

  /** Gives its session back to the server; false when it has none. */
  end(): boolean {
    this.begun = true;
    const { channel } = this;
    this.channel = undefined;
    channel?.close();
    return channel !== undefined;
  }

  private beat(channel: ClientChannel): void {
    this.channel = channel;
    // Sooner than we find out ourselves: nothing may be run again while the first still runs.
    channel.write(`${3 * this.everySeconds}\n`);
    const timer = setInterval(() => channel.write("."), this.everySeconds * 1000).unref();
    channel.resume().on("error", () => undefined);
    channel.stderr.resume();
    channel.once("close", () => {
      clearInterval(timer);
      this.channel = undefined;
    });
  }
}
