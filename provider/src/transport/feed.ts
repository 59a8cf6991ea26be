import type { Readable } from "node:stream";
import type { ClientChannel } from "ssh2";

/** Sends what `source` gives over a channel, no faster than it takes it, until `ended`; rejects when the source fails. */
export async function feed(channel: ClientChannel, source: Readable, ended: () => boolean): Promise<void> {
  for await (const chunk of source) {
    if (ended()) return;
    if (!channel.write(chunk as string | Uint8Array)) await drained(channel, ended);
  }
  if (!ended()) channel.end();
}

async function drained(channel: ClientChannel, ended: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.off("drain", done).off("close", done);
      resolve();
    };
    channel.on("drain", done).on("close", done);
    if (ended()) done();
  });
}
